import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Node } from 'constructs'
import { z } from 'zod'

const RETENTIONS = Object.values(RetentionDays).filter((days) => typeof days === 'number')

/** What differs between deployments; set with `--context prefix=staging` and the like. */
const StageSchema = z.object({
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/, 'a prefix is a-z, 0-9 and dashes, at most 20 characters')
    .describe('Starts the name of every resource'),
  logRetentionDays: z.coerce
    .number()
    .refine(
      (days) => RETENTIONS.includes(days),
      `CloudWatch Logs keeps logs for one of ${RETENTIONS.join(', ')} days`,
    )
    .describe('How long function logs are kept'),
  archiveEvents: z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
    .describe('Whether the bus keeps its events for a replay'),
})
export type Stage = z.infer<typeof StageSchema>

/** Throws with the context value that is wrong and what it must be. */
export function readStage(node: Node): Stage {
  const parsed = StageSchema.safeParse({
    prefix: node.tryGetContext('prefix') ?? 'orchestrator',
    logRetentionDays: node.tryGetContext('logRetentionDays') ?? 30,
    archiveEvents: node.tryGetContext('archiveEvents') ?? true,
  })
  if (parsed.success) return parsed.data
  throw new Error(`the CDK context is not usable: ${z.prettifyError(parsed.error)}`)
}
