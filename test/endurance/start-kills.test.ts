import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { copyProject } from '../support/cloud/copy-project.ts'
import { startDev } from '../support/cloud/start-dev.ts'

const KILLS = Number(process.env.ORCHESTRATOR_START_KILLS ?? 24)
const SEED = Number(process.env.ORCHESTRATOR_SEED ?? 20_261_128)

const project = copyProject({ validated: false, cli: true })
afterAll(() => project.remove())

/** A repeatable sequence of numbers from 0 to 1. */
let state = SEED
const random = (): number => {
  state = (state * 1_103_515_245 + 12_345) % 2 ** 31
  return state / 2 ** 31
}

it(`starts after ${KILLS} starts that were killed at any moment, and after a full disk`, async () => {
  const began = performance.now()
  await (await start()).stop()
  const whole = performance.now() - began
  for (let kill = 0; kill < KILLS; kill++) {
    // Every other start has to synthesize; the others take what is there.
    if (kill % 2 === 0) edit(kill)
    const child = begin()
    await Promise.race([once(child, 'exit'), later(random() * whole)])
    // Every third time only the process itself: its app writes on, beside the next start.
    end(child, kill % 3 !== 0)
  }
  // No file may grow beyond 8 kB: a write fails half-way, as on a full disk.
  edit(KILLS)
  const full = spawnSync(
    'sh',
    ['-c', 'ulimit -f 16; trap "" XFSZ; exec "$@"', 'sh', process.execPath, ...ARGS],
    {
      cwd: project.folder,
      encoding: 'utf8',
      timeout: 120_000,
    },
  )
  expect(full.status).toBeGreaterThan(0)

  const last = await start()
  expect(await last.call('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } })
  expect(await last.run('simple', { a: 1 })).toEqual({ a: 1 })
  expect((await last.call('GET', '/workflows/simple')).body.description).toBe(`edit ${KILLS}`)
  await last.stop()
  // And what that one has left is taken again.
  const again = await start()
  expect(await again.run('simple', { a: 2 })).toEqual({ a: 2 })
  await again.stop()
}, 1_200_000)

const ARGS = [join(project.folder, 'bin/orchestrator.mjs'), 'dev', '--port', '0', '--json']

const start = () => startDev(project.folder)

function begin(): ChildProcess {
  return spawn(process.execPath, ARGS, { cwd: project.folder, stdio: 'ignore', detached: true })
}

function end(child: ChildProcess, withChildren: boolean): void {
  try {
    process.kill(withChildren ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

const later = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

function edit(number: number): void {
  const text = project
    .read('workflows/simple.yaml')
    .replace(/^description: .*$/m, `description: edit ${number}`)
  project.write('workflows/simple.yaml', text)
}
