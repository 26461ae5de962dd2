import { FileReferenceSchema } from 'orchestrator/agent'
import * as z from 'zod'
import { JsonSchema } from '../_support/schemas.ts'

const MOST_BODY = 1_000_000
const MOST_BYTES = 5_000_000

export const RequestSchema = z
  .object({
    url: z.string().min(1).max(4_000).describe('https://..., of a host in allowedHosts of the stage'),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('accept, authorization, content-type and the like, and headers of your own (x-...)'),
    json: JsonSchema.optional().describe('The body as a JSON value'),
    body: z.string().max(MOST_BODY).optional().describe('The body as text'),
    timeoutSeconds: z.number().min(1).max(120).default(30),
    maxBytes: z.number().int().min(1).max(MOST_BYTES).default(1_000_000),
    anyStatus: z
      .boolean()
      .default(false)
      .describe('Whether an answer other than 2xx is an output, and not a failure'),
    saveAs: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Writes the body into a file of this name, and not into the output'),
  })
  .refine(({ json, body }) => json === undefined || body === undefined, {
    error: 'json and body are both given; a request has one body',
    path: ['body'],
  })
  .refine(
    ({ json, body, method }) =>
      (json === undefined && body === undefined) || !['GET', 'HEAD'].includes(method),
    {
      error: 'GET and HEAD have no body; the method is GET where none is given',
      path: ['method'],
    },
  )
export type RequestInput = z.output<typeof RequestSchema>

export const ResponseSchema = z.object({
  url: z.string().describe('The address that answered, after redirects'),
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  bytes: z.number(),
  truncated: z.boolean().describe('Whether the body was longer than maxBytes'),
  redirects: z.number(),
  json: JsonSchema.optional().describe('The body, where it is JSON'),
  text: z.string().optional().describe('The body, where it is other text'),
  base64: z.string().optional().describe('The body, where it is no text'),
  file: FileReferenceSchema.optional().describe('The body, where saveAs is given'),
})
export type Response = z.output<typeof ResponseSchema>

export const JobSchema = z.object({
  url: z
    .string()
    .min(1)
    .max(4_000)
    .describe('Where the job is started: of a host in allowedHosts of the stage'),
  headers: z.record(z.string(), z.string()).default({}).describe('As of http.request'),
  input: JsonSchema.default(null).describe('What the job is given'),
  waitSeconds: z
    .number()
    .int()
    .min(1)
    .max(31_536_000)
    .default(86_400)
    .describe('How long its answer is waited for; a day by default, a year at most'),
  heartbeatSeconds: z
    .number()
    .int()
    .min(5)
    .max(31_536_000)
    .optional()
    .describe('The longest time without a heartbeat; none is waited for by default'),
})
export type JobInput = z.output<typeof JobSchema>
