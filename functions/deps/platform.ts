import { Logger } from '@aws-lambda-powertools/logger'
import type { PriceTable } from '../../shared/domain/price-table.ts'
import { DEFAULT_FILE_LIMITS, type FileLimits } from '../../shared/domain/task-file.ts'
import { pricesWith } from '../../shared/estimator/prices.ts'
import type { Clock, Ids } from '../../shared/ports/index.ts'
import { nodeIds, systemClock } from '../adapters/node-ids.ts'
import { environment } from './environment.ts'
import { once } from './once.ts'

export const clock: Clock = systemClock

export const ids = (): Ids => once('ids', () => nodeIds(clock))

export const logger = (): Logger => once('logger', () => new Logger())

/** Prices of models; the stage adds or replaces some, for another region or a contract. */
export const prices = (): PriceTable => once('prices', () => pricesWith(environment().PRICES))

/** The size and number of the files that agents may write, as the stage says. */
export const fileLimits = (): FileLimits => {
  const { MAX_FILE_MB: mostMb, MAX_TASK_FILES: maxFiles = DEFAULT_FILE_LIMITS.maxFiles } = environment()
  return { maxBytes: mostMb === undefined ? DEFAULT_FILE_LIMITS.maxBytes : mostMb * MIB, maxFiles }
}

/** Whether calls of language models are kept with their attempts, as the stage says. */
export const keepTranscripts = (): boolean => environment().KEEP_TRANSCRIPTS !== 'no'

const MIB = 1024 * 1024
