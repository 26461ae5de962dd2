import { Logger } from '@aws-lambda-powertools/logger'
import type { PriceTable } from '../../shared/domain/price-table.ts'
import { pricesWith } from '../../shared/estimator/prices.ts'
import type { Clock, Ids } from '../../shared/ports/index.ts'
import { nodeIds, systemClock } from '../adapters/node-ids.ts'
import { environment } from './environment.ts'
import { once } from './once.ts'

export const clock: Clock = systemClock

export const ids = (): Ids => once('ids', () => nodeIds(clock))

export const logger = (): Logger => once('logger', () => new Logger())

/** Those of another region, or of a contract, come with the stage. */
export const prices = (): PriceTable => once('prices', () => pricesWith(environment().PRICES))
