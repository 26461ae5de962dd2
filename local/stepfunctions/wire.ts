import { randomUUID } from 'node:crypto'
import { AwsError } from '../endpoint/aws-error.ts'
import type { Execution, ExecutionStatus } from './execution.ts'
import { asText, type HistoryEvent } from './history.ts'
import type { StateMachine, StepFunctionsService } from './service.ts'

type Body = Record<string, unknown>
type Action = (service: StepFunctionsService, body: Body) => object

const seconds = (milliseconds: number): number => milliseconds / 1_000
const PAGE = 1_000

/** Step Functions' actions by name, as its JSON protocol has them. */
const ACTIONS: Readonly<Record<string, Action>> = {
  StartExecution: (service, { stateMachineArn, name, input }) => {
    const execution = service.startExecution({
      stateMachineArn: String(stateMachineArn),
      name: name === undefined ? randomUUID() : String(name),
      input: input as string | undefined,
    })
    return { executionArn: execution.from.executionArn, startDate: seconds(execution.startedAt) }
  },

  StopExecution: (service, { executionArn, error, cause }) => {
    const execution = service.stopExecution(
      String(executionArn),
      error as string | undefined,
      cause as string | undefined,
    )
    return { stopDate: seconds(execution.stoppedAt ?? Date.now()) }
  },

  DescribeExecution: (service, { executionArn }) => describe(service.getExecution(String(executionArn))),

  ListExecutions: (service, { stateMachineArn, statusFilter, maxResults = 100 }) => ({
    executions: service
      .listExecutions(String(stateMachineArn), statusFilter as ExecutionStatus | undefined)
      .slice(0, Number(maxResults))
      .map(summary),
  }),

  GetExecutionHistory: (service, { executionArn, reverseOrder = false, maxResults = PAGE, nextToken }) => {
    const { events } = service.getExecution(String(executionArn)).history
    const ordered = reverseOrder ? events.toReversed() : events
    const from = nextToken === undefined ? 0 : Number(nextToken)
    const to = from + Math.min(PAGE, Number(maxResults) || PAGE)
    return {
      events: ordered.slice(from, to).map(wireEvent),
      ...(to < ordered.length ? { nextToken: String(to) } : {}),
    }
  },

  DescribeStateMachine: (service, { stateMachineArn }) =>
    describeMachine(service.getStateMachine(String(stateMachineArn))),

  DescribeStateMachineForExecution: (service, { executionArn }) => {
    const { from } = service.getExecution(String(executionArn))
    return {
      ...describeMachine(service.getStateMachine(from.stateMachineArn)),
      definition: JSON.stringify(from.definition),
    }
  },

  ListStateMachines: (service) => ({
    stateMachines: service.listStateMachines().map(({ stateMachineArn, name, createdAt }) => {
      return { stateMachineArn, name, type: 'STANDARD', creationDate: seconds(createdAt) }
    }),
  }),
}

/** Answers one call. Throws AwsError. */
export function answerStepFunctions(service: StepFunctionsService, action: string, body: Body): object {
  const answer = ACTIONS[action]
  if (answer) return answer(service, body)
  throw new AwsError(
    'UnknownOperationException',
    `the local Step Functions does not do ${action}; it does ${Object.keys(ACTIONS).join(', ')}`,
  )
}

function summary({ from, status, startedAt, stoppedAt }: Execution): object {
  return {
    executionArn: from.executionArn,
    stateMachineArn: from.stateMachineArn,
    name: from.name,
    status,
    startDate: seconds(startedAt),
    ...(stoppedAt === undefined ? {} : { stopDate: seconds(stoppedAt) }),
  }
}

function describe(execution: Execution): object {
  const { status, output, error, cause, from } = execution
  return {
    ...summary(execution),
    input: asText(from.input),
    inputDetails: { included: true },
    ...(status === 'SUCCEEDED' ? { output: asText(output), outputDetails: { included: true } } : {}),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    redriveCount: 0,
  }
}

function describeMachine({
  stateMachineArn,
  name,
  definitionText,
  roleArn,
  createdAt,
}: StateMachine): object {
  return {
    stateMachineArn,
    name,
    definition: definitionText,
    roleArn,
    type: 'STANDARD',
    status: 'ACTIVE',
    creationDate: seconds(createdAt),
  }
}

function wireEvent(event: HistoryEvent): object {
  return { ...event, timestamp: seconds(event.timestamp) }
}
