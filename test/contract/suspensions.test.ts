import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Woken } from '../../shared/domain/suspension.ts'
import type { Suspensions } from '../../shared/ports/index.ts'
import { openTask } from '../support/stores/open-task.ts'
import { startStores } from '../support/stores/start-stores.ts'

let suspensions: Suspensions
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  suspensions = stores.ports.suspensions
  stop = stores.stop
})
afterAll(() => stop())

const AT = '2026-01-01T00:00:00.000Z'
const place = () => ({ runKey: openTask().id, path: 'each[3].build' })
const woken = (n: number, cause: string): Woken => ({ n, by: { kind: 'time' }, cause, at: AT })

describe('suspensions (suspending/V1)', () => {
  it('are woken by the first; another is told by what', async () => {
    const here = place()
    expect(await suspensions.findWoken(here)).toEqual({})
    expect(await suspensions.wake(here, woken(1, 'a'))).toEqual({ kind: 'woken', token: undefined })
    const answer = { kind: 'already', woken: woken(1, 'a'), token: undefined }
    expect(await suspensions.wake(here, woken(1, 'b'))).toEqual(answer)
    expect(await suspensions.wake(here, woken(1, 'a'))).toEqual(answer)
    expect(await suspensions.findWoken(here)).toEqual({ woken: woken(1, 'a') })
  })

  it('are each woken once, and an earlier one not after a later one', async () => {
    const here = place()
    await suspensions.wake(here, woken(1, 'a'))
    expect(await suspensions.wake(here, woken(2, 'b'))).toMatchObject({ kind: 'woken' })
    expect(await suspensions.wake(here, woken(1, 'c'))).toMatchObject({
      kind: 'already',
      woken: { n: 2 },
    })
  })

  it('have one winner among many at once', async () => {
    const here = place()
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, at) => suspensions.wake(here, woken(1, `cause ${at}`))),
    )
    const winner = all.findIndex(({ kind }) => kind === 'woken')
    expect(all.filter(({ kind }) => kind === 'woken')).toHaveLength(1)
    const others = all.filter(({ kind }) => kind === 'already')
    for (const one of others) expect(one).toMatchObject({ woken: { cause: `cause ${winner}` } })
  })

  it('are heard of until they are woken', async () => {
    const here = place()
    expect(await suspensions.hear(here, 1, AT)).toEqual({ token: undefined })
    expect(await suspensions.findWoken(here)).toEqual({ heardAt: AT })
    await suspensions.wake(here, woken(1, 'a'))
    expect(await suspensions.hear(here, 1, AT)).toBeUndefined()
    expect(await suspensions.hear(here, 2, AT)).toEqual({ token: undefined })
  })
})
