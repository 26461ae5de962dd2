import type { DefinedAgent } from '../shared/agent/index.ts'
import { suggestNames } from '../shared/domain/nearest-names.ts'
import { type ConverseDeps, converseAgent } from '../shared/host/converse/converse-agent.ts'
import { TURN_CAPABILITY } from '../shared/workflow/conversation.ts'
import { everyStep } from '../shared/workflow/places.ts'
import { isAgentStep, type Steps, type Workflow } from '../shared/workflow/schema.ts'
import { asEachCall } from '../shared/workflow/step-capability.ts'
import { bodyOf, hasMadeBody } from '../shared/workflow/step-kinds.ts'
import { isDefined } from './options/agents.ts'
import { placeIn } from './options/check.ts'
import { type Script, type Scripting, scriptedAgent } from './scripted-agent.ts'

/**
 * The agents of a test: scripts or defined agents by capability or agent id, or a list of agents. A script under a capability offers just
 * that; under another name it lists its `capabilities`.
 */
export type GivenAgents = readonly DefinedAgent[] | Readonly<Record<string, Script | DefinedAgent>>

export type Cast = {
  /** All agents, scripted or not, in the given order. */
  agents: readonly DefinedAgent[]
  /** Ids of the scripted agents, whose time is virtual. */
  scripted: ReadonlySet<string>
}

/** Throws an Error when a key contradicts its agent. */
export function castOf(given: GivenAgents, scripting: Scripting): Cast {
  const agents = new Map<string, DefinedAgent>()
  const scripted = new Set<string>()
  const entries: [string, Script | DefinedAgent][] = isList(given)
    ? given.map((agent) => [agent.manifest.id, agent])
    : Object.entries(given)
  for (const [key, one] of entries) {
    const agent = isDefined(one)
      ? requireOffers(key, one)
      : makeScripted(key, one, new Set(agents.keys()), scripting)
    if (!isDefined(one)) scripted.add(agent.manifest.id)
    agents.set(agent.manifest.id, agent)
  }
  return { agents: [...agents.values()], scripted }
}

const isList = (given: GivenAgents): given is readonly DefinedAgent[] => Array.isArray(given)

function requireOffers(key: string, agent: DefinedAgent): DefinedAgent {
  const { id, capabilities } = agent.manifest
  const names = [id, ...capabilities.map(({ name }) => name)]
  if (names.includes(key)) return agent
  throw new Error(
    `agents: "${key}" is neither the id of its agent nor a capability of it${suggestNames(key, names)}`,
  )
}

function makeScripted(
  key: string,
  script: Script,
  taken: ReadonlySet<string>,
  scripting: Scripting,
): DefinedAgent {
  const said = typeof script === 'function' ? undefined : script.capabilities
  const id = said ? key : idFrom(key, taken)
  try {
    return scriptedAgent(
      { id, capabilities: said ?? [key], script, place: placeIn('agents', key) },
      scripting,
    )
  } catch (cause) {
    throw new Error(`agents: the script of "${key}" makes no agent: ${String(cause)}`, { cause })
  }
}

const MOST_ID = 34

/** An agent id for a capability: `text.summarize` is served by `text-summarize`. */
function idFrom(capability: string, taken: ReadonlySet<string>): string {
  const id = capability.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  for (let count = 1; ; count++) {
    const ending = count === 1 ? '' : `-${count}`
    const free = `${id.slice(0, MOST_ID - ending.length)}${ending}`
    if (!taken.has(free)) return free
  }
}

/** The cast with the agent that takes the turns of conversations, where a workflow has some and no agent of the test takes them. */
export function withConversations(
  workflows: readonly Workflow[],
  cast: Cast,
  deps: () => ConverseDeps,
): Cast {
  const isServed = cast.agents.some(({ manifest }) =>
    manifest.capabilities.some(({ name }) => name === TURN_CAPABILITY),
  )
  const isAsked = workflows.some(({ steps }) => everyStep(steps).some(({ step }) => hasMadeBody(step)))
  return isServed || !isAsked ? cast : { ...cast, agents: [...cast.agents, converseAgent(deps)] }
}

/** Throws an Error naming every step that no agent of the test can run. */
export function requireServed(workflows: readonly Workflow[], { agents }: Cast): void {
  const offered = agents.flatMap(({ manifest }) => manifest.capabilities.map(({ name }) => name))
  const ids = agents.map(({ manifest }) => manifest.id)
  const missing = workflows.flatMap(({ name, steps }) =>
    askedIn(steps).flatMap(({ place, capability, pinned }) => {
      const step = `step "${place}" of workflow "${name}"`
      if (pinned !== undefined && !ids.includes(pinned))
        return [
          `${step} asks for agent "${pinned}", which this test does not have${suggestNames(pinned, ids)}`,
        ]
      if (pinned !== undefined || capability === undefined || offered.includes(capability)) return []
      return [
        `${step} asks for capability "${capability}", which no agent of this test offers${suggestNames(capability, offered)}; script it: agents: { '${capability}': { output: ... } }`,
      ]
    }),
  )
  if (missing.length > 0) throw new Error(missing.join('\n'))
}

type Asked = { place: string; capability: string | undefined; pinned: string | undefined }

function askedIn(steps: Steps, scope = ''): Asked[] {
  return Object.entries(steps).flatMap(([id, step]) => {
    const place = `${scope}${id}`
    const body = bodyOf(step)
    if (body) return askedIn(body, `${place}.`)
    if (!isAgentStep(step)) return []
    return asEachCall(step).map(({ capability }) => {
      return { place, capability, pinned: step.agent?.split('@')[0] }
    })
  })
}
