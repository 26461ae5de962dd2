/** Where an agent runs that no function of ours hosts: a Lambda function of any runtime, or a server that speaks HTTP. */
import * as z from 'zod'
import { SecretNameSchema } from '../secret-source.ts'

const RIGHT_ARN =
  'it is the ARN of a Lambda function, maybe with an alias or a version, such as arn:aws:lambda:eu-central-1:123456789012:function:agents-pricing:live'
const ARN =
  /^arn:aws[a-z-]*:lambda:[a-z]{2}(?:-[a-z]+)+-\d:\d{12}:function:[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9$_-]{1,128})?$/

export const MOST_URL_CHARACTERS = 1_000
const RIGHT_URL =
  'it is an address such as https://agents.example.com/pricing: http: or https:, without user, query and fragment (keys belong into a secret), at most 1,000 characters'

/** An address that an agent may be called at, wherever it is. */
function isRightUrl(text: string): boolean {
  if (text.length > MOST_URL_CHARACTERS || !URL.canParse(text)) return false
  const { protocol, hostname, username, password, search, hash } = new URL(text)
  if (protocol !== 'https:' && protocol !== 'http:') return false
  if (text.includes('?') || text.includes('#') || search || hash) return false
  return hostname !== '' && !hostname.endsWith('.') && !username && !password
}

export const LambdaPlaceSchema = z.strictObject({
  kind: z.literal('lambda'),
  arn: z.string({ error: RIGHT_ARN }).max(400, RIGHT_ARN).regex(ARN, RIGHT_ARN).describe('The function'),
})

export const HttpPlaceSchema = z.strictObject({
  kind: z.literal('http'),
  url: z
    .string({ error: RIGHT_URL })
    .max(MOST_URL_CHARACTERS, RIGHT_URL)
    .refine(isRightUrl, RIGHT_URL)
    .describe('Where calls are posted to'),
  secret: SecretNameSchema.optional().describe(
    'The name of the secret that calls are signed with, as the stage knows it; without one they are not signed',
  ),
})

/** `kind` says how the agent is called. */
export const ElsewhereSchema = z.discriminatedUnion('kind', [LambdaPlaceSchema, HttpPlaceSchema])
export type Elsewhere = z.infer<typeof ElsewhereSchema>
export type LambdaPlace = z.infer<typeof LambdaPlaceSchema>
export type HttpPlace = z.infer<typeof HttpPlaceSchema>

/** What calls agents elsewhere, and its memory in MB: estimates count it, whatever the agent itself runs on. */
export const ELSEWHERE_MEMORY_MB = 512

/** Kinds that are known and not served, each with what to do instead. */
export const KINDS_TO_COME: Readonly<Record<string, string>> = {
  agentcore:
    'runtimes of AgentCore are not called yet: put a Lambda function before it, which calls InvokeAgentRuntime, and register that as kind "lambda"',
  a2a: 'A2A is not spoken yet; it is planned with the protocols (A2A and MCP). Until then a small server that speaks the contract of agents, registered as kind "http", can stand before it',
  mcp: 'tools of MCP servers are not agents yet; they are planned with the protocols (A2A and MCP). Until then a small server that speaks the contract of agents, registered as kind "http", can stand before it',
}
