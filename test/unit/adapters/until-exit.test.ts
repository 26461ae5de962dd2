import { exit } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { untilExit } from '../../../functions/telemetry/until-exit.ts'

const within = <T>(work: () => Promise<T>): Promise<T> => untilExit(work, { leaves: false })
const EXIT = { name: 'Runtime.ExitError', message: expect.stringContaining('exit status 3') }

describe('process.exit within the work of an agent (until-exit/E1)', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['at once', async () => process.exit(3)],
    ['by name', async () => exit(3)],
    ['later', () => delay(5).then(() => process.exit(3))],
    [
      'where the agent goes on',
      async () => {
        await Promise.resolve()
          .then(() => process.exit(3))
          .catch(() => {})
        return delay(60_000)
      },
    ],
  ])('makes it fail, %s', async (_when, work) => {
    await expect(within(work)).rejects.toMatchObject(EXIT)
  })

  it('tells where it was called', async () => {
    const leaves = async () => process.exit(3)
    const error = await within(leaves).catch((thrown: Error) => thrown)
    expect(String((error as Error).stack)).toMatch(/at leaves .*until-exit\.test\.ts/)
  })

  it('fails the work that has called it, and no other', async () => {
    const other = within(() => delay(20, 'done'))
    await expect(within(async () => process.exit(3))).rejects.toMatchObject(EXIT)
    expect(await other).toBe('done')
  })

  it('says of the code 0 what Lambda says', async () => {
    await expect(within(async () => process.exit())).rejects.toThrow(
      'Runtime exited without providing a reason',
    )
  })
})

it('lets work that does not exit end as it does', async () => {
  expect(await within(async () => 5)).toBe(5)
  await expect(within(() => Promise.reject(new TypeError('no')))).rejects.toThrow(TypeError)
})
