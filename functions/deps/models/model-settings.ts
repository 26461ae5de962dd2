import * as z from 'zod'
import { readNamed } from '../../../shared/contracts/read-named.ts'
import { describeIssues, type Issue } from '../../../shared/domain/issue.ts'
import { type ModelSettings, ModelSettingsSchema } from '../../../shared/domain/model-settings.ts'
import type { PriceTable } from '../../../shared/domain/price-table.ts'
import { withPricesOf } from '../../../shared/estimator/model-prices.ts'
import type { ModelUsage } from '../../../shared/ports/model-usage.ts'
import { dynamodbModelUsage } from '../../adapters/dynamodb/registry/model-usage.ts'
import { registryTable } from '../clients.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'
import { clock, logger, prices } from '../platform.ts'

/** The models in the variable MODELS, by name. */
export const configuredModels = (): Readonly<Record<string, ModelSettings>> =>
  once('configuredModels', () => {
    const { models, leftOut } = readModels(environment().MODELS ?? '{}')
    if (leftOut.length > 0)
      logger().warn('models that this release cannot read are left out', { reason: describeIssues(leftOut) })
    return models
  })

const OfAnyRelease = z.object(ModelSettingsSchema.shape)

/**
 * Models as infra has written them, maybe that of a later release (environment/V2): members that are unknown here are passed over, and so is a model that
 * cannot be read, with the issues of it. Throws ConfigError for what is no JSON object.
 */
export function readModels(text: string): { models: Record<string, ModelSettings>; leftOut: Issue[] } {
  const { read, leftOut } = readNamed(text, { variable: 'MODELS', what: 'models', schema: OfAnyRelease })
  return { models: read, leftOut }
}

/** The price table with the prices that the settings of models say, which win. */
export function pricesWithModels(): PriceTable {
  const all = prices()
  return { ...all, models: withPricesOf(configuredModels(), all.models) }
}

export const modelUsage = (): ModelUsage =>
  once('modelUsage', () => dynamodbModelUsage({ ...registryTable(), clock }))
