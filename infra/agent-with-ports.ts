import { join } from 'node:path'
import { AGENT_PORTS, MESSAGE_PORTS, MODEL_PORTS, SUSPEND_PORTS } from '../functions/agent-ports.ts'
import { AGENTS_WITH_PORTS } from '../functions/agents-with-ports.ts'
import type { PortModes } from '../functions/ports.ts'
import { maySuspend, needsModels, usesMessages } from '../shared/domain/agent.ts'
import { ownOf } from '../shared/domain/own.ts'
import type { Catalogue } from './catalogue.ts'
import { PACKAGE_ROOT, sourceOf } from './package-root.ts'

type Deployed = Catalogue['agents'][number]

/** The module that a function's bundle imports the agent from; a project's agent of the same id is none of ours. */
export const moduleOf = (agent: Deployed): string => withPorts(agent)?.entry ?? agent.entry

/** The ports of an agent's function. Without files, it may not read or write any; only with models may it call some. */
export const portsOfAgent = (agent: Deployed): PortModes => ({
  ...AGENT_PORTS,
  ...(agent.manifest.needs?.files === false ? { files: [] } : {}),
  ...(needsModels(agent.manifest) ? MODEL_PORTS : {}),
  ...(maySuspend(agent.manifest) ? SUSPEND_PORTS : {}),
  ...(usesMessages(agent.manifest) ? MESSAGE_PORTS : {}),
  ...withPorts(agent)?.ports,
})

function withPorts({ manifest: { id }, entry }: Deployed): { entry: string; ports: PortModes } | undefined {
  const known = ownOf<{ entry: string; ports: PortModes }>(AGENTS_WITH_PORTS, id)
  const isOurs = entry === join(PACKAGE_ROOT, sourceOf(`functions/agents/${id}/index`))
  return known && isOurs ? { ...known, entry: join(PACKAGE_ROOT, sourceOf(known.entry)) } : undefined
}
