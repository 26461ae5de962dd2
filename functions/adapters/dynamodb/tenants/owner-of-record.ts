import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import { DEFAULT_TENANT } from '../../../../shared/domain/caller.ts'
import { tenantInName } from '../../../../shared/domain/tenants.ts'

type Partition = keyof typeof REGISTRY_PARTITIONS
type Item = Readonly<Record<string, unknown>>

/** Nothing in such a partition is removed with a tenant. */
const NOBODY = (): undefined => undefined

/** By an agent, qualified (`acme/translator`), or as a tenant counts a common one (`acme:translator`). */
const byAgent = (agent: string): string | undefined =>
  tenantInName(agent) ?? (agent.includes(':') ? agent.slice(0, agent.indexOf(':')) : undefined)

const afterNumberSign = (text: string): string => text.slice(text.indexOf('#') + 1)

/** By partition, the tenant of an item, of whose partition key `rest` follows the prefix. Each partition is listed: the type checker names a new one. */
const OWNERS: Readonly<Record<Partition, (rest: string, item: Item) => string | undefined>> = {
  agent: tenantInName,
  workflow: tenantInName,
  // Shared by all workflows of a tenant of one shape, under a digest; removed with the tasks that have used them.
  machine: NOBODY,
  load: byAgent,
  apiKey: (_rest, { tenant }) => (typeof tenant === 'string' ? tenant : undefined),
  keysOf: (rest) => rest,
  usage: (rest) => (rest.includes('#') ? afterNumberSign(rest) : DEFAULT_TENANT),
  quota: (rest) => rest,
  statistics: (rest) => byAgent(afterNumberSign(rest)),
  breaker: byAgent,
  slots: ownerOfScope,
  rate: ownerOfScope,
  // Digests of what was done stay, and that the tenant was deleted.
  audit: NOBODY,
  noted: NOBODY,
  chains: NOBODY,
  deletion: NOBODY,
  pass: NOBODY,
}

/** `tenant:acme`, `agents:acme` and `workflows:acme`, `model:claude`, or `agent:` and an agent. */
function ownerOfScope(scope: string): string | undefined {
  const [, kind, name = ''] = /^([a-z]+):(.*)$/s.exec(scope) ?? []
  if (kind === 'tenant' || kind === 'agents' || kind === 'workflows') return name
  return kind === 'agent' ? byAgent(name) : undefined
}

const PREFIXES = Object.entries(REGISTRY_PARTITIONS) as [Partition, string][]

/** The tenant whose item of the registry this is; undefined of what is nobody's or stays. */
export function ownerOfRecord(item: Item): string | undefined {
  const pk = String(item.pk)
  const found = PREFIXES.find(([, prefix]) => pk.startsWith(prefix))
  return found && OWNERS[found[0]](pk.slice(found[1].length), item)
}
