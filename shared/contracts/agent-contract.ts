/**
 * The contract of agents elsewhere: what the host sends, and what it takes as an answer. Servers get it by `POST`, signed as Standard Webhooks are;
 * Lambda functions of any runtime get the same document as their event.
 *
 * Invariants (tests cite them):
 * contract/T1 a call that is repeated, after a lost connection, a crash or a 5xx, has the same `id`; another step, another run of the step and another
 *    agent have another
 * contract/T2 what is not known in an answer is passed over; what is known and wrong fails the attempt, and says where
 */
import * as z from 'zod'
import { usdSchema } from '../domain/budget.ts'
import { FileReferenceSchema } from '../domain/file-reference.ts'
import type { Json } from '../domain/json.ts'
import { LEAST_HEARTBEAT_SECONDS, MOST_SUSPENDED_SECONDS } from '../domain/suspension.ts'

/** The most bytes of a call, and of an answer, as JSON: what Lambda takes. */
export const MOST_CALL_BYTES = 6_000_000
/** The most files that a call names; folders count as the files in them. */
export const MOST_CALL_FILES = 100
/** How long the addresses of files serve. */
export const FILE_URL_SECONDS = 3_600

/** Any JSON value, which text of JSON is anyway: it is not walked again. */
const anything = () => z.custom<Json>((value) => value !== undefined, 'any JSON value')

export const CalledFileSchema = z.object({
  reference: FileReferenceSchema.describe('The reference in the input that named it, or the folder it is in'),
  key: z.string().describe('Its own key'),
  name: z.string().describe('The last part of its key'),
  bytes: z.number(),
  url: z.string().describe('`GET` it here; no credentials are needed'),
  expiresAt: z.iso.datetime(),
})

const CallbackSchema = z.object({
  url: z.string().describe('Where the answer is posted to that a suspended call has announced'),
  token: z.string().describe('The same token that is in the address; whoever has it may answer'),
})

/** What an agent elsewhere is asked. */
export const AgentCallSchema = z.object({
  id: z.string().describe('The same for every repetition of this call (contract/T1); the header webhook-id'),
  taskId: z.string(),
  path: z.string().describe('The step in its task'),
  attempt: z.number().int().min(1).describe('The number of the attempt, from 1, over all agents of the step'),
  capability: z.string(),
  input: anything().describe('What the step asks; it fits the input schema of the capability'),
  files: z.array(CalledFileSchema).describe(`The files that the input names, at most ${MOST_CALL_FILES}`),
  deadline: z.iso.datetime().describe('When the host gives up waiting for the answer to this request'),
  callback: CallbackSchema.optional().describe('Only where the agent says `suspends`'),
})
export type AgentCall = z.infer<typeof AgentCallSchema>
export type CalledFile = z.infer<typeof CalledFileSchema>

const cost = {
  costUsd: usdSchema('a cost').optional().describe('What the call has cost, besides price.perCallUsd'),
  tokens: z
    .number()
    .int()
    .min(0)
    .max(1e12)
    .optional()
    .describe('The tokens of language models that it has used'),
}

/** A call that has ended well. */
export const OutputAnswerSchema = z.object({
  output: anything().describe('It fits the output schema of the capability'),
  ...cost,
})

const suspended = {
  timeoutSeconds: z
    .number()
    .min(1)
    .max(MOST_SUSPENDED_SECONDS)
    .optional()
    .describe('How long the answer by callback is waited for; a day by default'),
  heartbeatSeconds: z
    .number()
    .min(LEAST_HEARTBEAT_SECONDS)
    .max(MOST_SUSPENDED_SECONDS)
    .optional()
    .describe('The longest time without a heartbeat; none is waited for by default'),
}

/** The body of a 202, which may also be empty: the answer comes by the callback. */
export const SuspendedAnswerSchema = z.object({ ...suspended, ...cost })

const MOST_WAIT_SECONDS = 86_400
const AnswerErrorSchema = z.object({
  kind: z
    .enum(['busy', 'transient', 'final'])
    .catch('final')
    .default('final')
    .describe(
      'busy: call again later, no attempt is used up; transient: a failed attempt, the same agent may be called again; final: it is not called again for this step',
    ),
  message: z.string().max(10_000).describe('What is wrong, with which value, and what would be right'),
  retryAfterSeconds: z.number().min(0).max(MOST_WAIT_SECONDS).optional(),
})

/** What a Lambda function returns: one of the three. */
export const LambdaAnswerSchema = z.union([
  z.object({ error: AnswerErrorSchema, ...cost }),
  z.object({ suspended: z.literal(true), ...suspended, ...cost }),
  OutputAnswerSchema,
])

/** The members of a problem document (RFC 9457) that are told; a failure with another body, or none, is told by its status. */
export const AgentProblemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
})

/** The answer to `GET <url>/health`: any 2xx is well; its body is not read. */
export const HEALTH_PATH = '/health'
/** The event by which a Lambda function is asked whether it is well: it answers anything but an error. */
export const PingSchema = z.object({ ping: z.literal(true) })

type Cost = { costUsd?: number | undefined; tokens?: number | undefined }

/** An answer as the host understands it, however it came. */
export type AgentAnswer =
  | ({ kind: 'output'; output: Json } & Cost)
  | ({
      kind: 'suspended'
      timeoutSeconds?: number | undefined
      heartbeatSeconds?: number | undefined
    } & Cost)
  | ({ kind: 'busy'; message: string; waitSeconds?: number | undefined } & Cost)
  | ({ kind: 'transient'; message: string; retryAfterSeconds?: number | undefined } & Cost)
  | ({ kind: 'final'; message: string; details?: Readonly<Record<string, unknown>> } & Cost)
