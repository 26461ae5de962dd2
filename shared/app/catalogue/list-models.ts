import type * as z from 'zod'
import type { MissingModelViewSchema, ModelView } from '../../contracts/model-views.ts'
import { type Agent, EVERY_MODEL, needsModel } from '../../domain/agent.ts'
import type { Caller } from '../../domain/caller.ts'
import { compareIds } from '../../domain/compare-ids.ts'
import { type ModelSettings, originOf } from '../../domain/model-settings.ts'
import { NO_USE } from '../../domain/model-use.ts'
import { givenName } from '../../domain/tenants.ts'
import { priceOfSettings } from '../../estimator/model-prices.ts'
import type { Ports } from '../../ports/index.ts'
import { withinTenant } from '../tenants/within-tenant.ts'

type Needs = Pick<Ports, 'agents' | 'modelUsage' | 'prices'> & {
  /** The models of the stage. */
  stageModels?: Readonly<Record<string, ModelSettings>>
}
type Listed = { models: ModelView[]; missing: z.infer<typeof MissingModelViewSchema>[] }

/** The models of the stage with their prices and use, and the names that agents need in vain. */
export const listModels =
  ({ modelUsage, prices, stageModels: models = {}, ...ports }: Needs) =>
  async (_input: object, { tenant }: Caller): Promise<Listed> => {
    const { agents } = withinTenant(ports, tenant)
    const names = Object.keys(models)
    const [all, uses] = await Promise.all([agents.listAgents(), modelUsage.usesOf(names, tenant)])
    const present = all.filter(({ status }) => status !== 'inactive')
    return {
      models: Object.entries(models).map(([name, { url, secret: _secret, price, ...settings }]) => ({
        name,
        ...settings,
        ...(url === undefined ? {} : { url: originOf(url) }),
        ...priced(priceOfSettings({ ...settings, price }, prices)),
        agents: idsOf(
          present.filter((agent) => [name, ...leadingTo(name, models)].some((one) => needsModel(agent, one))),
        ),
        used: uses.get(name) ?? NO_USE,
      })),
      missing: missingFrom(present, new Set(names)),
    }
  }

/** The models that are replaced by this one when they are gone, directly or by others. */
function leadingTo(name: string, models: Readonly<Record<string, ModelSettings>>): string[] {
  const before = Object.keys(models).filter((one) => models[one]?.fallback === name)
  // Fallbacks make no circle.
  return before.flatMap((one) => [one, ...leadingTo(one, models)])
}

const priced = (price: ModelView['price']): Pick<ModelView, 'price'> => (price ? { price } : {})

const idsOf = (agents: readonly Agent[]): string[] => agents.map(({ id }) => givenName(id)).sort(compareIds)

function missingFrom(agents: readonly Agent[], known: ReadonlySet<string>): Listed['missing'] {
  const wanted = agents.flatMap((agent) =>
    (agent.needs?.models ?? [])
      .filter((name) => name !== EVERY_MODEL && !known.has(name))
      .map((name) => ({ name, agent })),
  )
  return [...Map.groupBy(wanted, ({ name }) => name)]
    .map(([name, askers]) => ({ name, agents: idsOf(askers.map(({ agent }) => agent)) }))
    .sort((a, b) => compareIds(a.name, b.name))
}
