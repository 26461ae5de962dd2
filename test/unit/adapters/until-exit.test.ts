import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
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

describe('the process of an agent that has called process.exit', () => {
  const MODULE = join(import.meta.dirname, '../../../functions/telemetry/until-exit.ts')
  /** The exit code and the output of a process that runs `code`. */
  const processOf = (code: string) => {
    const script = `import { leaveIfAsked, untilExit } from ${JSON.stringify(MODULE)}\n${code}`
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    return { status: run.status, printed: run.stdout.trim(), stderr: run.stderr }
  }
  const LEAVES = `await untilExit(async () => process.exit(3), { leaves: true }).catch(({ name }) => console.log('recorded', name))`

  it('ends with its code when the invocation is over (until-exit/E2)', () => {
    const { status, printed } = processOf(`${LEAVES}; leaveIfAsked(); console.log('not reached')`)
    expect({ status, printed }).toEqual({ status: 3, printed: 'recorded Runtime.ExitError' })
  })

  it('ends in some seconds also where the invocation never is (until-exit/E2)', { timeout: 30_000 }, () => {
    const { status, printed } = processOf(`${LEAVES}; setInterval(() => {}, 1_000)`)
    expect({ status, printed }).toEqual({ status: 3, printed: 'recorded Runtime.ExitError' })
  })

  it('exits at once where no work runs, before and after one (until-exit/E3)', () => {
    const after = `await untilExit(async () => 1, { leaves: true }); process.exit(4); console.log('not reached')`
    for (const code of ['process.exit(4)', after])
      expect(processOf(code)).toMatchObject({ status: 4, printed: '' })
  })

  it('exits at once where the runtime ends it for what nothing has caught (until-exit/E3)', () => {
    for (const code of [128, 129]) {
      const { status, printed } = processOf(LEAVES.replace('exit(3)', `exit(${code})`))
      expect({ status, printed }).toEqual({ status: code, printed: '' })
    }
  })
})
