import type { DefinedAgent } from '../../shared/agent/index.ts'
import { AgentIdSchema } from '../../shared/domain/agent.ts'
import { CapabilityNameSchema } from '../../shared/domain/capability.ts'
import type { Issue } from '../../shared/domain/issue.ts'
import { isPlain, issuesAt, issuesOfMembers, notRight, wrong } from './check.ts'
import { issuesOfScript } from './script.ts'

/** The problems of one agent, which messages call `what`. */
export function issuesOfAgent(what: string, agent: unknown): Issue[] {
  if (isDefined(agent)) return []
  const isModule =
    typeof agent === 'object' && agent !== null && 'default' in agent && isDefined(agent.default)
  const right = `what defineAgent returns${isModule ? ': its default export' : ''}`
  return [notRight(what, agent, right)]
}

export const isDefined = (agent: unknown): agent is DefinedAgent =>
  typeof agent === 'object' && agent !== null && 'manifest' in agent && 'execute' in agent

/** The problems of a test's agents that can be found without its workflows. */
export function issuesOfAgents(agents: unknown): Issue[] {
  if (agents === undefined)
    return [wrong('agents', 'is required: scripts and agents, by capability or by id')]
  if (Array.isArray(agents))
    return agents.flatMap((agent: unknown, at) => [
      ...issuesOfAgent(`agents[${at}]`, agent),
      ...issuesOfTwice(`agents[${at}]`, agent, agents.slice(0, at)),
    ])
  if (!isPlain(agents))
    return [notRight('agents', agents, 'a list of agents, or an object of scripts and agents')]
  return issuesOfMembers('agents', agents, (place, one, key) =>
    isDefined(one)
      ? issuesOfTwice(place, one, Object.values(agents))
      : [...issuesOfKey(place, key, one), ...issuesOfScript(place, one)],
  )
}

/** Two agents with one id are refused, because the second would replace the first. */
function issuesOfTwice(place: string, agent: unknown, others: readonly unknown[]): Issue[] {
  if (!isDefined(agent)) return []
  const { id } = agent.manifest
  const isTwice = others.some((other) => other !== agent && isDefined(other) && other.manifest.id === id)
  return isTwice ? [wrong(place, `another agent has the id "${id}" as well; an id is that of one agent`)] : []
}

function issuesOfKey(place: string, key: string, script: unknown): Issue[] {
  const isId = isPlain(script) && script.capabilities !== undefined
  return issuesAt(place, isId ? AgentIdSchema : CapabilityNameSchema, key, 'the key')
}
