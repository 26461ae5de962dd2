import type * as z from 'zod'
import { type AgentManifest, AgentManifestSchema, issuesOfManifest } from '../domain/agent.ts'
import { ELSEWHERE_MEMORY_MB, type Elsewhere, ElsewhereSchema } from '../domain/elsewhere/place.ts'
import type { Issue } from '../domain/issue.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import { issuesOfFields } from './fields-of-place.ts'
import { RegisterAgentSchema } from './register-agent.ts'

/** An agent elsewhere as a stage names it; what `POST /agents` takes. */
export const StageAgentSchema = RegisterAgentSchema.omit({ functionArn: true })
  .required({ kind: true })
  .superRefine((agent, context) => {
    for (const { path, message } of [...issuesOfFields(agent), ...issuesOfManifest(agent)])
      context.addIssue({ message, path: partsOf(path), code: 'custom', input: agent })
  })
export type StageAgent = z.output<typeof StageAgentSchema>

/** `capabilities[0].inputSchema` as a path. */
const partsOf = (path: Issue['path']): (string | number)[] =>
  path
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))

/** What a deployment brings of an agent elsewhere. */
export type DeployedElsewhere = { manifest: AgentManifest; elsewhere: Elsewhere }

/** An agent of a stage as it is registered: its declaration, and where it is. */
export function deployedElsewhere({ kind, arn, url, secret, ...declared }: StageAgent): DeployedElsewhere {
  const manifest = AgentManifestSchema.parse(declared)
  return {
    manifest: { ...manifest, limits: { ...manifest.limits, memoryMb: ELSEWHERE_MEMORY_MB } },
    elsewhere: ElsewhereSchema.parse(withoutUndefined({ kind, arn, url, secret })),
  }
}
