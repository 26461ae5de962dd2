import { describe, expect, it } from 'vitest'
import { tellLostCall } from '../../../shared/app/limits/admission.ts'
import { CLOSED } from '../../../shared/domain/breaker.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'

const OPEN = {
  ...CLOSED,
  generation: 3,
  state: 'open' as const,
  openings: 1,
  openUntil: 1e12,
  version: '2.0.0',
}
const CLOSED_WITH_2 = { ...CLOSED, generation: 3, consecutiveFailures: 2, version: '2.0.0' }

const CANDIDATE = { eligible: true, reason: 'eligible', load: 0, costUsd: 0 }
const DECISION = { stepId: 's', capability: 'work.do', chosen: 'a', reason: '' }

/** The stored breaker after a lost call of `version`. */
async function breakerAfter(
  stored: typeof OPEN | typeof CLOSED_WITH_2,
  { version, isRegistered }: { version: string; isRegistered: boolean },
) {
  const { ports } = hostInMemory()
  const kept = (await ports.breakers.find(['a'])).get('a')
  if (!kept) throw new Error('every agent has a breaker')
  await ports.breakers.replace('a', kept.revision, stored)
  const lost = {
    own: { taskId: 't', path: 's', owner: 'o', fence: '1' },
    agentId: 'a',
    decision: { ...DECISION, candidates: ['a', 'b'].map((agentId) => ({ ...CANDIDATE, agentId })) },
    beganAt: new Date(ports.clock.now()).toISOString(),
  }
  await tellLostCall(ports, { ...lost, version, isRegistered }, { succeeded: false })
  return (await ports.breakers.find(['a'])).get('a')?.breaker
}

describe('a call whose worker has crashed', () => {
  it.each([
    { version: '1.0.0', isRegistered: false },
    { version: '', isRegistered: false },
  ])('changes no breaker of another version: $version (breaker/K8)', async (call) => {
    expect(await breakerAfter(OPEN, call)).toEqual(OPEN)
    expect(await breakerAfter(CLOSED_WITH_2, call)).toEqual(CLOSED_WITH_2)
  })

  it.each([true, false])('counts for its own version', async (isRegistered) => {
    expect(await breakerAfter(CLOSED_WITH_2, { version: '2.0.0', isRegistered })).toMatchObject({
      consecutiveFailures: 3,
    })
  })

  it('begins the breaker of the registered version', async () => {
    expect(await breakerAfter(OPEN, { version: '3.0.0', isRegistered: true })).toMatchObject({
      version: '3.0.0',
      state: 'closed',
      consecutiveFailures: 1,
    })
  })
})
