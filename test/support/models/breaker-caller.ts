import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { expect } from 'vitest'
import { dynamodbBreakers } from '../../../functions/adapters/dynamodb/counters/breakers.ts'
import { type Admitted, admit } from '../../../shared/app/limits/admission.ts'
import type { Breaker } from '../../../shared/domain/breaker.ts'
import { isOrchestratorError } from '../../../shared/domain/errors.ts'
import type { Decision } from '../../../shared/domain/plan.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { portsWith } from '../stores/ports-with.ts'

const DECISION: Decision = {
  stepId: 'call',
  capability: 'work.do',
  chosen: 'a',
  reason: 'for tests',
  candidates: ['a', 'b', 'c'].map((agentId) => ({
    agentId,
    eligible: true,
    reason: '',
    load: 0,
    costUsd: 0,
  })),
}
/** The longest call, in seconds. */
const LONGEST = 10

export type BreakerCall = {
  end: Admitted['end']
  isOnTrial: boolean
  /** The latest end of the call, in seconds. */
  until: number
}

/**
 * Begins a call of agent a, as the host does, unless it is refused. Each of its writes is checked: an outcome is attributed to the
 * generation in which the call began, and only the current trial may close the breaker (breaker/K3).
 */
export async function callAgent(
  id: string,
  store: { client: DynamoDBDocumentClient; table: string },
  time: { now: number },
): Promise<BreakerCall | undefined> {
  const kept = dynamodbBreakers(store)
  let before: Breaker | undefined
  let began: Breaker | undefined
  let hasBegun = false
  let isOnTrial = false
  const own = { taskId: 't', path: id, owner: id, fence: '1' }
  const trialId = `${own.taskId} ${own.path} ${own.fence}`
  const breakers: Ports['breakers'] = {
    async find(ids) {
      const found = await kept.find(ids)
      before = found.get('a')?.breaker
      // A call that has lost the race for the trial looks again before it begins.
      if (!hasBegun) began = before
      return found
    },
    async replace(agentId, revision, breaker) {
      const done = await kept.replace(agentId, revision, breaker)
      if (!done) return done
      if (breaker.trial?.id === trialId) isOnTrial = true
      expect([began?.generation, Number(began?.generation) + 1]).toContain(breaker.generation)
      if (before?.state === 'open' && breaker.state === 'closed') {
        expect(isOnTrial).toBe(true)
        expect(before.trial?.id).toBe(trialId)
      }
      return done
    },
  }
  const until = time.now + LONGEST
  const ports = portsWith<Pick<Ports, 'breakers' | 'limits' | 'budgets' | 'clock' | 'quotas'>>({
    breakers,
    quotas: { quotasOf: () => ({}) },
    clock: { now: () => new Date(time.now * 1_000) },
  })
  try {
    const { end } = await admit(ports, {
      own,
      plan: { tenant: 'default' },
      agentId: 'a',
      manifest: { version: '1.0.0', limits: { timeoutSeconds: 60, memoryMb: 128 }, price: { perCallUsd: 0 } },
      decision: DECISION,
      deadline: new Date(until * 1_000),
    })
    hasBegun = true
    return { end, isOnTrial, until }
  } catch (error) {
    if (isOrchestratorError(error, 'AgentUnavailableError')) return undefined
    throw error
  }
}
