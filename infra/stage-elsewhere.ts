import * as z from 'zod'
import { deployedElsewhere, StageAgentSchema } from '../shared/contracts/stage-agent.ts'
import { VpcSchema } from '../shared/domain/agent-access.ts'
import { AllowedHostSchema } from '../shared/domain/allowed-host.ts'
import type { Elsewhere } from '../shared/domain/elsewhere/place.ts'
import { type ElsewhereSettings, ElsewhereSettingsSchema } from '../shared/domain/elsewhere/settings.ts'

/** It travels in a variable of a function, which has 4 KB for all of them. */
const MOST_CHARACTERS = 1_500
const MOST_AGENTS = 100
const RIGHT_PROBE = 'a whole number of minutes from 1 to 1440, e.g. 5'
/** They travel in the template of a stack, which CloudFormation takes up to 1 MB. */
const MOST_AGENT_CHARACTERS = 100_000

const FieldsSchema = ElsewhereSettingsSchema.extend({
  vpc: VpcSchema.optional().describe(
    'The network of the function that calls them, for privateOrigins; the internet is reached from there only by a NAT of yours',
  ),
  probeMinutes: z
    .int({ error: RIGHT_PROBE })
    .min(1, { error: RIGHT_PROBE })
    .max(1_440, { error: RIGHT_PROBE })
    .optional()
    .describe(
      'How often the agents are asked whether they are well (`GET <url>/health`, or a ping of a function); one that is not fails towards its circuit breaker. Never by default',
    ),
  agents: z
    .array(StageAgentSchema)
    .max(MOST_AGENTS)
    .refine(
      (agents) => JSON.stringify(agents).length <= MOST_AGENT_CHARACTERS,
      `all agents together have at most ${MOST_AGENT_CHARACTERS} characters as JSON: register others by the API`,
    )
    .refine((agents) => new Set(agents.map(({ id }) => id)).size === agents.length, {
      error: ({ input }) =>
        `each agent has an id of its own; twice there ${toldTwice(input as readonly { id: string }[])}`,
    })
    .default([])
    .describe(
      'Agents that the deployment registers for all tenants, as POST /agents takes them; also in a file of their own, stages/<name>.agents.yaml. Their places are allowed without being named above',
    ),
})

export const AgentsElsewhereSchema = FieldsSchema.refine(
  (said) => JSON.stringify(travelling(said)).length <= MOST_CHARACTERS,
  {
    error: `all of it together has at most ${MOST_CHARACTERS} characters as JSON: *.example.com is every name below it, and agents-* every function that begins so`,
  },
)
type Said = z.output<typeof ElsewhereSettingsSchema> &
  Partial<Pick<z.output<typeof FieldsSchema>, 'vpc' | 'agents' | 'probeMinutes'>>

function toldTwice(agents: readonly { id: string }[]): string {
  const ids = agents.map(({ id }) => id)
  return `is ${[...new Set(ids.filter((id, at) => ids.indexOf(id) < at))].join(', ')}`
}

/** What the stage allows, with the places of its own agents. */
export function allowedElsewhere({
  vpc: _,
  probeMinutes: _minutes,
  agents = [],
  ...said
}: Said): ElsewhereSettings {
  const places = agents.map((agent) => deployedElsewhere(agent).elsewhere)
  const joined = (part: readonly string[], of: (place: Elsewhere) => string | undefined): string[] => [
    ...new Set([...part, ...places.flatMap((place) => of(place) ?? [])]),
  ]
  return {
    ...said,
    hosts: joined(said.hosts, hostOf),
    privateOrigins: joined(said.privateOrigins, originOf),
    lambda: joined(said.lambda, (place) =>
      place.kind === 'lambda' ? place.arn.split(':').slice(0, 7).join(':') : undefined,
    ),
    secrets: joined(said.secrets, (place) => (place.kind === 'http' ? place.secret : undefined)),
  }
}

/** As `allowedHosts` writes it; undefined for what has no name there, such as a number, or localhost. */
function hostOf(place: Elsewhere): string | undefined {
  if (place.kind !== 'http') return undefined
  const { protocol, host } = new URL(place.url)
  const entry = protocol === 'http:' ? `http://${host}` : host
  return AllowedHostSchema.safeParse(entry).success && !/^[\d.:]+$/.test(host) ? entry : undefined
}

/** A number, or a name without a dot, is of a private network or this machine: who writes the stage has named it. */
const originOf = (place: Elsewhere): string | undefined =>
  place.kind === 'http' && hostOf(place) === undefined ? new URL(place.url).origin : undefined

/** What the functions are told; defaults are left out. */
export function travelling(said: Said): Partial<ElsewhereSettings> {
  const { tenants, ...own } = allowedElsewhere(said)
  const some = <T extends object>(part: T): Partial<T> =>
    Object.fromEntries(Object.entries(part).filter(([, list]) => list.length > 0)) as Partial<T>
  const ofTenants = Object.entries(tenants).map(([tenant, part]) => [tenant, some(part)])
  return {
    ...some(own),
    ...(ofTenants.length > 0
      ? { tenants: Object.fromEntries(ofTenants) as ElsewhereSettings['tenants'] }
      : {}),
  }
}

/** The known names at a path in `agentsElsewhere`. */
export function fieldsOfElsewhere([, field]: readonly PropertyKey[]): readonly string[] {
  if (field === 'agents') return Object.keys(StageAgentSchema.shape)
  const all = Object.keys(AgentsElsewhereSchema.shape)
  return field === undefined
    ? all
    : all.filter((name) => !['tenants', 'vpc', 'agents', 'probeMinutes'].includes(name))
}
