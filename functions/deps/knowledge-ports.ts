import type { Breakers, Limits, Statistics } from '../../shared/ports/index.ts'
import { dynamodbBreakers } from '../adapters/dynamodb/counters/breakers.ts'
import { dynamodbLimits } from '../adapters/dynamodb/counters/limits.ts'
import { dynamodbStatistics } from '../adapters/dynamodb/counters/statistics.ts'
import { countersTable, registryTable } from './clients.ts'
import { environment } from './environment.ts'
import { once } from './once.ts'
import { clock } from './platform.ts'
import { agents, loads } from './registry-ports.ts'

/** The ports that the choice of an agent depends on. */
export const knowledgePorts = () => ({
  agents: agents(),
  loads: loads(),
  statistics: statistics(),
  breakers: breakers(),
  limits: limits(),
})

export const statistics = (): Statistics =>
  once('statistics', () =>
    dynamodbStatistics({ ...countersTable(), now: clock.now, ofTenants: environment().STATISTICS === 'own' }),
  )

export const breakers = (): Breakers => once('breakers', () => dynamodbBreakers(registryTable()))

export const limits = (): Limits => once('limits', () => dynamodbLimits({ ...registryTable(), clock }))
