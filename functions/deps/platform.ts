import { Logger } from '@aws-lambda-powertools/logger'
import * as z from 'zod'
import type { AgentSettings } from '../../shared/agent/index.ts'
import type { EnvironmentName } from '../../shared/contracts/environment.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
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

/** What the stage says for the agent of this function. Throws ConfigError for a variable that infra has not written. */
export const agentSettings = (): AgentSettings => {
  const { ALLOWED_HOSTS = '[]', EMAIL } = environment()
  return {
    allowedHosts: readJson('ALLOWED_HOSTS', ALLOWED_HOSTS, HostsSchema),
    ...(EMAIL === undefined ? {} : { email: readJson('EMAIL', EMAIL, EmailSchema) }),
  }
}

const HostsSchema = z.array(z.string())
const EmailSchema = z.object({ from: z.string(), to: HostsSchema })

function readJson<T>(name: EnvironmentName, text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    const message = `${name} is ${text.slice(0, 200)}, which is not as a deployment writes it; deploy again`
    throw new OrchestratorError('ConfigError', message, {}, error)
  }
}

/** Whether calls of language models are kept with their attempts, as the stage says. */
export const keepTranscripts = (): boolean => environment().KEEP_TRANSCRIPTS !== 'no'

const MIB = 1024 * 1024
