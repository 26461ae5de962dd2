import * as z from 'zod'
import { AwsError } from '../../aws/errors.ts'

const MAX_PAYLOAD_BYTES = 256 * 1024

const text = z.string()
const arn = z.string().min(1)
const payload = text.refine(
  (value) => Buffer.byteLength(value) <= MAX_PAYLOAD_BYTES,
  `Member must have length less than or equal to ${MAX_PAYLOAD_BYTES}`,
)
const page = {
  maxResults: z.number().int().min(0).max(1_000).nullish(),
  nextToken: text.nullish(),
}
const why = { error: text.max(256).nullish(), cause: text.max(32_768).nullish() }
const machine = { definition: text, roleArn: arn }
const status = z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'])

/** The fields of each action; others, which the engine does not use, are allowed. */
const REQUESTS = {
  CreateStateMachine: z.object({ name: text, ...machine, type: text.default('STANDARD') }),
  UpdateStateMachine: z.object({
    stateMachineArn: arn,
    definition: text.nullish(),
    roleArn: arn.nullish(),
  }),
  DeleteStateMachine: z.object({ stateMachineArn: arn }),
  DescribeStateMachine: z.object({ stateMachineArn: arn }),
  PublishStateMachineVersion: z.object({ stateMachineArn: arn, revisionId: text.nullish() }),
  ListStateMachineVersions: z.object({ stateMachineArn: arn, ...page }),
  DeleteStateMachineVersion: z.object({ stateMachineVersionArn: arn }),
  DescribeStateMachineForExecution: z.object({ executionArn: arn }),
  ListStateMachines: z.object(page),
  ValidateStateMachineDefinition: z.object({ definition: text }),
  StartExecution: z.object({ stateMachineArn: arn, name: text.nullish(), input: payload.nullish() }),
  StopExecution: z.object({ executionArn: arn, ...why }),
  RedriveExecution: z.object({ executionArn: arn }),
  DescribeExecution: z.object({ executionArn: arn }),
  ListExecutions: z
    .object({
      stateMachineArn: arn.nullish(),
      mapRunArn: arn.nullish(),
      statusFilter: status.nullish(),
      ...page,
    })
    .refine(
      ({ stateMachineArn, mapRunArn }) => Boolean(stateMachineArn) !== Boolean(mapRunArn),
      'exactly one of stateMachineArn and mapRunArn must be given',
    ),
  GetExecutionHistory: z.object({
    executionArn: arn,
    reverseOrder: z.boolean().nullish(),
    includeExecutionData: z.boolean().nullish(),
    ...page,
  }),
  SendTaskSuccess: z.object({ taskToken: text, output: payload }),
  SendTaskFailure: z.object({ taskToken: text, ...why }),
  SendTaskHeartbeat: z.object({ taskToken: text }),
} as const

export type ActionName = keyof typeof REQUESTS
export type RequestOf<Name extends ActionName> = z.output<(typeof REQUESTS)[Name]>

export const ACTION_NAMES = Object.keys(REQUESTS) as ActionName[]

/** A request's body, checked. Throws AwsError ValidationException with every reason. */
export function parseRequest<Name extends ActionName>(action: Name, body: unknown): RequestOf<Name> {
  const parsed = REQUESTS[action].safeParse(body)
  if (parsed.success) return parsed.data as RequestOf<Name>
  const { issues } = parsed.error
  const told = issues.map(
    ({ path, message }) => `Value at '${path.join('.')}' failed to satisfy constraint: ${message}`,
  )
  throw new AwsError(
    'ValidationException',
    `${issues.length} validation error(s) detected: ${told.join('; ')}`,
  )
}
