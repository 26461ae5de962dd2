/** Every interleaving of four calls of one agent with the passage of time: some thousand states each. */
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { describe, expect, it } from 'vitest'
import { dynamodbBreakers } from '../../functions/adapters/dynamodb/counters/breakers.ts'
import { type Breaker, CLOSED } from '../../shared/domain/breaker.ts'
import { NOTHING } from '../../shared/domain/budget.ts'
import { type Begun, exploreInterleavings, type Situation } from '../support/models/all-interleavings.ts'
import { callAgent } from '../support/models/breaker-caller.ts'
import { clientOf, type ImmediateTable } from '../support/stores/immediate-table.ts'

const SUCCEEDED = { succeeded: true }
const FAILED = { succeeded: false }

describe('calls of an agent', () => {
  const ends = {
    succeeds: SUCCEEDED,
    fails: FAILED,
    'turns out not to be made': undefined,
    'is never heard of again': 'lost',
  } as const
  type End = keyof typeof ends

  /** Three callers, one of which calls twice, from just before the breaker opens until after its trial. */
  function exploreCalls(outcomes: readonly End[]) {
    const seen = new Set<string>()
    const begin = ({ table, world }: Situation): Begun => {
      const time = { now: 1_000_000 }
      const store = { client: clientOf(table), table: 't' }
      // The table answers at once, so the promise need not be awaited.
      void dynamodbBreakers(store).replace('a', 0, { ...CLOSED, consecutiveFailures: 4 })
      const trials = new Map<string, number>()
      const call = async (who: string, number: number): Promise<void> => {
        const id = `${who}${number}`
        const call = await callAgent(id, { ...store, client: world.clientFor(who) }, time)
        if (call?.isOnTrial) trials.set(id, call.until)
        await world.pause(who)
        trials.delete(id)
        const end = ends[outcomes[number] ?? 'fails']
        if (end !== 'lost') await call?.end(end, NOTHING)
      }
      world.start(() => call('p', 0))
      world.start(() => call('q', 1))
      world.start(() => call('r', 2).then(() => call('r', 3)))
      world.start(async () => {
        for (const seconds of [21, 41]) {
          await world.pause('time')
          time.now += seconds
        }
      })
      let last: Breaker = CLOSED
      return {
        check() {
          const live = [...trials.values()].filter((until) => until > time.now)
          expect(live.length).toBeLessThanOrEqual(1)
          const now = breakerIn(table)
          expect(now.generation - last.generation).toBeLessThanOrEqual(1)
          if (now.generation > last.generation) seen.add(now.state)
          if (now.trial) seen.add('on trial')
          last = now
        },
        describe: () => JSON.stringify([time.now, [...trials]]),
      }
    }
    return exploreInterleavings(begin).then(({ situations }) => ({ situations, seen }))
  }

  function breakerIn({ items }: ImmediateTable): Breaker {
    const [item] = items.values()
    return item ? unmarshall(item as never).breaker : CLOSED
  }

  it.each<{ outcomes: [End, End, End, End]; meets: string[] }>([
    { outcomes: ['fails', 'succeeds', 'fails', 'fails'], meets: ['open', 'on trial', 'closed'] },
    {
      outcomes: ['fails', 'turns out not to be made', 'is never heard of again', 'succeeds'],
      meets: ['open', 'on trial', 'closed'],
    },
  ])(
    'are heard aright in every order: one that $outcomes.0, one that $outcomes.1, one that $outcomes.2 and one after it that $outcomes.3 (breaker/K1, breaker/K2, breaker/K3)',
    async ({ outcomes, meets }) => {
      const { situations, seen } = await exploreCalls(outcomes)
      expect(situations).toBeGreaterThan(1_000)
      expect([...seen].sort()).toEqual(meets.toSorted())
    },
  )
})
