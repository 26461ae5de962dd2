/** The contract of agents elsewhere as an OpenAPI document of its own: what a server has to offer that is registered as an agent of kind `http`. */
import * as z from 'zod'
import {
  type AgentAnswer,
  AgentCallSchema,
  AgentProblemSchema,
  HEALTH_PATH,
  LambdaAnswerSchema,
  MOST_CALL_BYTES,
  OutputAnswerSchema,
  PingSchema,
  SuspendedAnswerSchema,
} from './agent-contract.ts'
import { withPortablePatterns } from './portable-pattern.ts'

type Part = Record<string, unknown>
type Status = {
  /** As OpenAPI writes it: `4XX` for all of them that are not named. */
  status: string
  means: AgentAnswer['kind']
  description: string
  body: 'output' | 'suspended' | 'problem'
  /** Whether the answer has the header `Retry-After`. */
  waits?: 'may' | 'must'
}

/** What each status of an answer means to the host. */
export const STATUSES: readonly Status[] = [
  { status: '200', means: 'output', body: 'output', description: 'The call has ended well' },
  {
    status: '202',
    means: 'suspended',
    body: 'suspended',
    description:
      'The answer comes by the callback of the call; the body may be empty. Only where the capability says `suspends`',
  },
  {
    status: '429',
    means: 'busy',
    body: 'problem',
    waits: 'may',
    description:
      'Busy: the step waits, for `Retry-After` or some seconds, or another agent is asked; no attempt is used up',
  },
  {
    status: '503',
    means: 'busy',
    body: 'problem',
    waits: 'must',
    description: 'Busy, with `Retry-After`; without it a transient failure as other 5xx',
  },
  {
    status: '4XX',
    means: 'final',
    body: 'problem',
    description:
      'The attempt has failed for good, and its error is `title` and `detail` of the problem document: the next agent is asked, if there is one. 408, 421 and 425 are transient',
  },
  {
    status: '5XX',
    means: 'transient',
    body: 'problem',
    waits: 'may',
    description:
      'A transient failure, as a connection that breaks: the same agent is called again with the same `id`, after `Retry-After`, as often as `retry` of the step says',
  },
  {
    status: '3XX',
    means: 'final',
    body: 'problem',
    description: 'Redirects are not followed: the attempt has failed for good',
  },
]

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Part => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' })
  return withPortablePatterns(json) as Part
}

const HEADERS: readonly (readonly [name: string, required: boolean, description: string])[] = [
  ['webhook-id', true, '`id` of the call: the same for every repetition of it'],
  ['webhook-timestamp', false, 'Seconds since 1970; refuse what is older than five minutes'],
  [
    'webhook-signature',
    false,
    '`v1,` and the base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>` with the bytes of the secret (Standard Webhooks 1.0); where the agent is registered with `secret`',
  ],
  ['idempotency-key', true, 'The same as webhook-id'],
]

const RETRY_AFTER = (isRequired: boolean): Part => ({
  'Retry-After': {
    description: 'Seconds, or a date',
    required: isRequired,
    schema: { type: 'string' },
  },
})

const ref = (name: string): Part => ({ schema: { $ref: `#/components/schemas/${name}` } })
const BODIES: Readonly<Record<Status['body'], Part>> = {
  output: { 'application/json': ref('Output') },
  suspended: { 'application/json': ref('Suspended') },
  problem: { 'application/problem+json': ref('Problem') },
}

const CALL_ANSWERS = Object.fromEntries(
  STATUSES.map(({ status, description, body, waits }) => [
    status,
    {
      description,
      ...(waits === undefined ? {} : { headers: RETRY_AFTER(waits === 'must') }),
      content: BODIES[body],
    },
  ]),
)

/** The document (OpenAPI 3.1). Functions of Lambda take `Call` or `Ping` as their event, and return `LambdaAnswer`. */
export const agentContractDocument = (): Part => ({
  openapi: '3.1.0',
  info: {
    title: 'Agents elsewhere',
    version: '1.0.0',
    description: `What a server offers that is registered as an agent of kind http. A call, and an answer, has at most ${MOST_CALL_BYTES} bytes. Members that are not known are passed over, on both sides.`,
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [
    {
      url: '{url}',
      description: 'As the agent is registered',
      variables: { url: { default: 'https://agents.example.com/pricing' } },
    },
  ],
  tags: [{ name: 'agent', description: 'What the host of agents elsewhere asks' }],
  security: [{}],
  paths: {
    '/': {
      post: {
        operationId: 'call',
        summary: 'Do a step',
        description: 'Posted to the address itself, without a slash after it.',
        tags: ['agent'],
        parameters: HEADERS.map(([name, required, description]) => ({
          name,
          in: 'header',
          required,
          description,
          schema: { type: 'string' },
        })),
        requestBody: { required: true, content: { 'application/json': ref('Call') } },
        responses: CALL_ANSWERS,
      },
    },
    [HEALTH_PATH]: {
      get: {
        operationId: 'health',
        summary: 'Whether the agent is well',
        tags: ['agent'],
        responses: {
          '2XX': { description: 'It is; the body is not read' },
          '4XX': { description: 'It is not' },
          '5XX': { description: 'It is not' },
        },
      },
    },
  },
  components: {
    schemas: {
      Call: schemaOf(AgentCallSchema, 'output'),
      Output: schemaOf(OutputAnswerSchema, 'input'),
      Suspended: schemaOf(SuspendedAnswerSchema, 'input'),
      Problem: schemaOf(AgentProblemSchema, 'input'),
      LambdaAnswer: schemaOf(LambdaAnswerSchema, 'input'),
      Ping: schemaOf(PingSchema, 'output'),
    },
  },
})
