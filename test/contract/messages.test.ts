import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Message } from '../../shared/domain/message.ts'
import type { Messages } from '../../shared/ports/index.ts'
import { openTask } from '../support/stores/open-task.ts'
import { startStores } from '../support/stores/start-stores.ts'

let messages: Messages
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  messages = stores.ports.messages
  stop = stores.stop
})
afterAll(() => stop())

const AT = '2026-01-01T00:00:00.000Z'
const LATER = '2026-01-01T00:10:00.000Z'
const messageOf = (taskId: string, id: string, more: Partial<Message> = {}): Message => ({
  id,
  type: 'event',
  from: 'caller:ada',
  to: 'step:hear',
  taskId,
  correlationId: id,
  hops: 1,
  at: AT,
  body: { inline: JSON.stringify(id) },
  ...more,
})
const idsOf = (found: readonly Message[]): string[] => found.map(({ id }) => id)

const by = (path: string, execution = 1, suspension = 0) => ({ path, execution, suspension })

describe('messages', () => {
  it('are numbered by sender and recipient, without a gap, also when many send at once (message-store/S2)', async () => {
    const { id } = openTask()
    const all = Array.from({ length: 25 }, (_, index) => messageOf(id, `m${index}`))
    const sent = await Promise.all(all.map((one) => messages.storeMessage(one)))
    const numbers = sent.map(({ record }) => record.sequence).sort((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, index) => index + 1))
    await messages.storeMessage(messageOf(id, 'other', { from: 'step:a#b' }))
    expect(await messages.findMessage(id, 'other')).toMatchObject({ sequence: 1, from: 'step:a#b' })
  })

  it('keep the order in which one was stored before the other began to be (message-store/S2)', async () => {
    const { id } = openTask()
    for (const name of ['c', 'a', 'b']) await messages.storeMessage(messageOf(id, name))
    expect(idsOf(await messages.openMessages(id, 'step:hear'))).toEqual(['c', 'a', 'b'])
  })

  it('are stored once under an id, whoever sends it how often, and whatever the others say (message-store/S1)', async () => {
    const { id } = openTask()
    const senders = Array.from({ length: 8 }, (_, index) =>
      messages.storeMessage(messageOf(id, 'same', { to: `step:s${index % 2}` })),
    )
    const noise = Array.from({ length: 8 }, (_, index) =>
      messages.storeMessage(messageOf(id, `n${index}`, { to: `step:s${index % 2}` })),
    )
    const [sent] = await Promise.all([Promise.all(senders), Promise.all(noise)])
    expect(sent.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(new Set(sent.map(({ record }) => `${record.to} ${record.sequence}`)).size).toBe(1)
    const { messages: all } = await messages.listMessages({ taskId: id, limit: 100 })
    expect(idsOf(all).filter((one) => one === 'same')).toHaveLength(1)
    expect(all).toHaveLength(9)
  })

  it('are listed in pages, of one recipient or of all', async () => {
    const { id } = openTask()
    for (const to of ['step:a', 'step:ab'])
      for (const name of ['1', '2', '3'])
        await messages.storeMessage(messageOf(id, `${to.slice(5)}${name}`, { to }))
    const first = await messages.listMessages({ taskId: id, limit: 4 })
    expect(first.messages).toHaveLength(4)
    const rest = await messages.listMessages({ taskId: id, limit: 4, cursor: first.cursor })
    expect(new Set(idsOf([...first.messages, ...rest.messages])).size).toBe(6)
    const ofOne = await messages.listMessages({ taskId: id, to: 'step:a', limit: 100 })
    const elsewhere = messages.listMessages({ taskId: id, to: 'step:other', limit: 4, cursor: first.cursor })
    await expect(elsewhere).rejects.toThrow('"cursor" is that of a list with another "to"')
    expect(idsOf(ofOne.messages)).toEqual(['a1', 'a2', 'a3'])
  })

  it('are in the hands of one step, and free again when it lets go of them (message-store/S4)', async () => {
    const { id } = openTask()
    const { record } = await messages.storeMessage(messageOf(id, 'm'))
    expect(await messages.takeMessage(record, by('hear'), LATER)).toBe(true)
    expect(await messages.takeMessage(record, by('hear'), LATER)).toBe(true)
    expect(await messages.takeMessage(record, by('other'), LATER)).toBe(false)
    await messages.releaseMessage(record, by('other'))
    expect(await messages.takeMessage(record, by('other'), LATER)).toBe(false)
    await messages.releaseMessage(record, by('hear'))
    expect(await messages.takeMessage(record, by('other'), LATER)).toBe(true)
  })

  it('that an agent was called with are nobody else’s, and its own in a later execution alone (message-waits/G5)', async () => {
    const { id } = openTask()
    const { record } = await messages.storeMessage(messageOf(id, 'm'))
    const take = (path: string, execution: number) => messages.takeMessage(record, by(path, execution), LATER)
    await take('hear', 1)
    await messages.noteHeard(record, 1)
    await messages.releaseMessage(record, by('hear'))
    expect([await take('hear', 1), await take('other', 2), await take('hear', 2)]).toEqual([
      false,
      false,
      true,
    ])
  })

  it('are found by the sweep until nothing is to be done with them', async () => {
    const { id } = openTask()
    const { record } = await messages.storeMessage(messageOf(id, 'm'))
    const found = async () =>
      (await messages.listUnrung({ before: LATER, limit: 1_000 })).filter((one) => one.taskId === id)
    expect(idsOf(await found())).toEqual(['m'])
    expect(await messages.listUnrung({ before: AT.slice(0, 19), limit: 10 })).toEqual([])
    await messages.takeMessage(record, by('hear'), LATER)
    expect(idsOf(await found())).toEqual(['m'])
    await messages.parkMessage(record)
    expect(await found()).toEqual([])
    expect(await messages.findMessage(id, 'm')).toMatchObject({ status: 'taken', by: 'hear' })
  })
})

describe('a step that waits for a message', () => {
  const own = (taskId: string, fence: string) => ({ taskId, path: 'hear', owner: 'o', fence })
  const wish = { token: 't', filter: { match: { constructor: 1 } }, until: LATER }

  it('hears one thing, the first (message-store/S3)', async () => {
    const { id } = openTask()
    expect(await messages.hear(id, 'hear', { kind: 'timeout' })).toBeUndefined()
    expect(await messages.listen(own(id, '0001.0000.5.0'), wish)).toMatchObject(wish)
    const heard = await Promise.all(
      ['a', 'b', 'c'].map((name) => messages.hear(id, 'hear', { kind: 'message', id: name })),
    )
    expect(new Set(heard.map((one) => JSON.stringify(one?.heard))).size).toBe(1)
    expect(await messages.hear(id, 'hear', { kind: 'timeout' })).toMatchObject({ heard: heard[0]?.heard })
  })

  it('keeps what it has heard under a new token, and waits anew in a later run where its time was over', async () => {
    const { id } = openTask()
    await messages.listen(own(id, '0001.0000.5.0'), wish)
    await messages.hear(id, 'hear', { kind: 'timeout' })
    const again = await messages.listen(own(id, '0001.0000.5.1'), { ...wish, token: 'u' })
    expect(again).toMatchObject({ token: 'u', heard: { kind: 'timeout' } })
    const run = await messages.listen(own(id, '0002.0000.5.0'), { ...wish, token: 'v' })
    expect(run).toMatchObject({ token: 'v' })
    expect(run?.heard).toBeUndefined()
    await messages.hear(id, 'hear', { kind: 'message', id: 'm' })
    const last = await messages.listen(own(id, '0003.0000.5.0'), { ...wish, token: 'w' })
    expect(last).toMatchObject({ token: 'w', heard: { kind: 'message', id: 'm' } })
  })

  it('hears nothing that was given to it as it waited before, under another fence (message-waits/G5)', async () => {
    const { id } = openTask()
    const before = await messages.listen(own(id, '0001.0000.5.0'), { ...wish, suspension: 1 })
    await messages.listen(own(id, '0001.0000.5.1'), { ...wish, suspension: 2 })
    const late = await messages.hear(id, 'hear', { kind: 'message', id: 'm' }, before)
    expect(late).toMatchObject({ suspension: 2 })
    expect(late?.heard).toBeUndefined()
  })

  it('forgets in a later execution what its agent was suspended for (message-waits/G5)', async () => {
    const { id } = openTask()
    await messages.listen(own(id, '0001.0000.5.0'), { ...wish, suspension: 1 })
    await messages.hear(id, 'hear', { kind: 'message', id: 'm' })
    const redriven = await messages.listen(own(id, '0001.0001.5.0'), { ...wish, suspension: 1 })
    expect(redriven).toMatchObject({ heard: { id: 'm' } })
    const retried = await messages.listen(own(id, '0002.0000.5.0'), { ...wish, suspension: 1 })
    expect(retried?.heard).toBeUndefined()
  })

  it('is not taken back by an earlier invocation', async () => {
    const { id } = openTask()
    await messages.listen(own(id, '0002.0000.5.0'), wish)
    expect(await messages.listen(own(id, '0001.0000.5.0'), wish)).toBeUndefined()
  })
})
