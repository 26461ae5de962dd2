import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { describeIssues } from '../../../shared/domain/issue.ts'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'
import { type ModelSettings, ModelsSchema } from '../../../shared/domain/model-settings.ts'
import type { PriceTable } from '../../../shared/domain/price-table.ts'
import { withPricesOf } from '../../../shared/estimator/model-prices.ts'
import type { ModelUsage } from '../../../shared/ports/model-usage.ts'
import { dynamodbModelUsage } from '../../adapters/dynamodb/registry/model-usage.ts'
import { registryTable } from '../clients.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'
import { clock, prices } from '../platform.ts'

/** The models in the variable MODELS, by name. Throws ConfigError for one that is not as infra writes it. */
export const configuredModels = (): Readonly<Record<string, ModelSettings>> =>
  once('configuredModels', () => {
    const value: unknown = JSON.parse(environment().MODELS ?? '{}')
    const parsed = ModelsSchema.safeParse(value)
    if (parsed.success) return parsed.data
    const issues = issuesOfZod(parsed.error, { schema: ModelsSchema, value })
    throw new OrchestratorError('ConfigError', `the variable MODELS is not usable: ${describeIssues(issues)}`)
  })

/** The price table with the prices that the settings of models say, which win. */
export function pricesWithModels(): PriceTable {
  const all = prices()
  return { ...all, models: withPricesOf(configuredModels(), all.models) }
}

export const modelUsage = (): ModelUsage =>
  once('modelUsage', () => dynamodbModelUsage({ ...registryTable(), clock }))
