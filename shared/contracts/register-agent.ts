import * as z from 'zod'
import { AgentManifestSchema } from '../domain/agent.ts'
import { distinct } from '../domain/distinct.ts'
import { HttpPlaceSchema, KINDS_TO_COME, LambdaPlaceSchema } from '../domain/elsewhere/place.ts'

const { tags, tenants } = AgentManifestSchema.shape
const KINDS = ['lambda', 'http', ...Object.keys(KINDS_TO_COME)]

/**
 * An agent with where it is: `functionArn` of a function that hosts it by our host, or its `kind` elsewhere with that kind's fields. Which fields go
 * together is checked by the use case, whose issues say what is missing.
 */
export const RegisterAgentSchema = AgentManifestSchema.extend({
  tags: distinct(tags.unwrap()).default([]),
  tenants: distinct(tenants.unwrap())
    .optional()
    .describe(tenants.description ?? ''),
  functionArn: z
    .string()
    .max(300)
    .regex(
      /^arn:[^:]+:lambda:[^:]+:\d{12}:function:[\w$:-]{1,200}$/,
      'a function is the ARN of a Lambda function, such as arn:aws:lambda:us-east-1:123456789012:function:orchestrator-agent-x',
    )
    .optional()
    .describe('The function that hosts the agent by our host; not with `kind`'),
  kind: z
    .enum(KINDS, `one of ${KINDS.join(', ')}`)
    .optional()
    .describe(
      'Where the agent is, if it is elsewhere: lambda with `arn`, http with `url`; agentcore, a2a and mcp are refused yet',
    ),
  arn: LambdaPlaceSchema.shape.arn.optional(),
  url: HttpPlaceSchema.shape.url.optional(),
  secret: HttpPlaceSchema.shape.secret,
})
  .strict()
  // The JSON Schema form of the rules in issuesOfManifest.
  .meta({
    if: { required: ['model'], properties: { model: { required: ['tokensPerMinute'] } } },
    then: { required: ['price'], properties: { price: { required: ['mostTokens'] } } },
  })
export type RegisterAgent = z.output<typeof RegisterAgentSchema>
