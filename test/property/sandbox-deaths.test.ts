import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Invocation } from '../../local/lambda/function-settings.ts'
import { LambdaFunction } from '../../local/lambda/lambda-function.ts'
import { Quarantine } from '../../local/lambda/quarantine.ts'
import { RunningJournal } from '../../local/lambda/running-journal.ts'
import { exitError } from '../../local/lambda/sandbox/how-it-ended.ts'
import type { SandboxSettings } from '../../local/lambda/sandbox/messages.ts'
import type { SandboxEvents, Sandboxes } from '../../local/lambda/sandbox/sandbox-process.ts'
import { type Manner, mannerOf } from '../../local/lambda/suspicion.ts'

const folder = mkdtempSync(join(tmpdir(), 'deaths-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What an invocation does when it runs. */
const NATURES = ['answers', 'ends its sandbox', 'ends the local cloud'] as const
type Nature = (typeof NATURES)[number]
/** Whether the other sandboxes record that they outlived the local cloud, or fail to. */
type Witnesses = 'alibis' | 'silence'

type Running = { key: string; id: string; sandbox: ModelSandbox }
type ModelSandbox = { settings: SandboxSettings; events: SandboxEvents; running: Running[] }

/** Above any process id in use. */
const PID = 2 ** 30
const settings = {
  name: 'f',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  entry: '',
  handler: '',
  timeoutSeconds: 100_000,
  memoryMb: 128,
  environment: {},
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The real function, quarantine and journal over simulated sandboxes, in which one event happens at a time, as `choose` decides. */
class World {
  readonly #path: string
  readonly #natures: Readonly<Record<string, Nature>>
  readonly #witnesses: Witnesses
  readonly #choose: (options: number) => number
  readonly outcomes = new Map<string, Invocation>()
  readonly begins = new Map<string, number>()
  #sandboxes: ModelSandbox[] = []
  lives = 0

  constructor(
    path: string,
    natures: Readonly<Record<string, Nature>>,
    witnesses: Witnesses,
    choose: (options: number) => number,
  ) {
    this.#path = path
    this.#natures = natures
    this.#witnesses = witnesses
    this.#choose = choose
  }

  async run(): Promise<void> {
    while (Object.keys(this.#natures).some((key) => !this.outcomes.has(key))) {
      this.lives += 1
      if (this.lives > 12) throw new Error('it never ends')
      await this.#live()
    }
  }

  async #live(): Promise<void> {
    const journal = await RunningJournal.open(this.#path)
    this.#sandboxes = []
    const surroundings = { sandboxes: this.#model(), quarantine: new Quarantine(), journal }
    const target = new LambdaFunction(settings, surroundings)
    for (const key of Object.keys(this.#natures)) {
      if (this.outcomes.has(key)) continue
      void target.invoke('{}', key).then((outcome) => this.outcomes.set(key, outcome))
    }
    for (;;) {
      await turn()
      const running = this.#sandboxes.flatMap((sandbox) => sandbox.running)
      this.#check(running, journal)
      const next = running[running.length > 1 ? this.#choose(running.length) : 0]
      if (!next) break
      const nature = this.#natures[next.key]
      if (nature === 'answers') this.#answer(next)
      if (nature === 'ends its sandbox') this.#end(next.sandbox)
      if (nature !== 'ends the local cloud') continue
      await this.#die(next, running, journal)
      return
    }
    await target.stop()
    journal.close()
  }

  #check(running: Running[], journal: RunningJournal): void {
    const lines = readFileSync(this.#path, 'utf8')
    const manners = running.map(({ key }): Manner => mannerOf(journal.suspicionOf(key)))
    for (const { key } of running) expect(lines, 'R1').toContain(key)
    expect(manners.filter((manner) => manner === 'alone').length).toBeLessThanOrEqual(1)
    expect(manners).not.toContain('never')
    for (const { running: inside } of this.#sandboxes) {
      const apart = inside.filter(({ key }) => mannerOf(journal.suspicionOf(key)) !== 'shared')
      if (apart.length > 0) expect(inside).toHaveLength(1)
    }
  }

  #answer({ id, sandbox }: Running): void {
    sandbox.running = sandbox.running.filter((other) => other.id !== id)
    sandbox.events.message({ kind: 'result', id, payload: '"done"' })
  }

  #end(sandbox: ModelSandbox): void {
    this.#sandboxes = this.#sandboxes.filter((other) => other !== sandbox)
    sandbox.running = []
    sandbox.events.ended(exitError('Runtime exited with error: signal: aborted'))
  }

  /** The disk is kept, all state in memory is lost. */
  async #die(guilty: Running, running: Running[], journal: RunningJournal): Promise<void> {
    const { file = '', life = '' } = journal.alibis ?? {}
    const left = readFileSync(this.#path)
    journal.close()
    writeFileSync(this.#path, left)
    if (this.#witnesses === 'silence') return
    const outlived = running.filter(({ sandbox }) => sandbox !== guilty.sandbox)
    await appendFile(file, outlived.map(({ key }) => `${JSON.stringify([life, key])}\n`).join(''))
  }

  #model(): Sandboxes {
    return {
      open: (settings, _environment, events) => {
        const sandbox: ModelSandbox = { settings, events, running: [] }
        this.#sandboxes.push(sandbox)
        queueMicrotask(() => events.message({ kind: 'ready' }))
        return {
          pid: PID,
          send: (message) => {
            if (message.kind !== 'invoke') return
            const { key = '', id } = message
            this.begins.set(key, (this.begins.get(key) ?? 0) + 1)
            sandbox.running.push({ key, id, sandbox })
          },
          kill: async () => {
            this.#sandboxes = this.#sandboxes.filter((other) => other !== sandbox)
            queueMicrotask(() => events.ended(exitError('killed')))
          },
        }
      },
      stop: () => {},
    }
  }
}

const isWorst = (nature: Nature): boolean => nature === 'ends the local cloud'

let worlds = 0

/** Runs the world once for every order of events. */
async function everyOrder(
  natures: readonly Nature[],
  witnesses: Witnesses,
  check: (world: World) => void,
): Promise<number> {
  const named = Object.fromEntries(natures.map((nature, index) => [`${index}: ${nature}`, nature]))
  const untried: number[][] = [[]]
  let orders = 0
  for (let moves = untried.pop(); moves; moves = untried.pop()) {
    const path = [...moves]
    let step = 0
    const world = new World(join(folder, `running-${worlds++}`), named, witnesses, (options) => {
      const known = path[step++]
      if (known !== undefined) return known
      for (let other = 1; other < options; other++) untried.push([...path, other])
      path.push(0)
      return 0
    })
    await world.run()
    check(world)
    orders += 1
  }
  return orders
}

/** All combinations with repetition; their order is irrelevant, because every order of events is tried. */
const mixes = (length: number, from = 0): Nature[][] =>
  length === 0
    ? [[]]
    : NATURES.flatMap((nature, at) => (at < from ? [] : mixes(length - 1, at).map((mix) => [nature, ...mix])))

describe.each<Witnesses>(['alibis', 'silence'])(
  'whatever ends sandboxes or the local cloud, with %s',
  (witnesses) => {
    it('fails only the invocations that kill their process, by name, in every order (sandbox/L1, sandbox/L4, sandbox/L5, sandbox/L6, running/R1, running/R2, running/R3, running/R4)', async () => {
      let orders = 0
      // Combinations of two invocations that end the local cloud, and excuse one another, have too many orders.
      const some = mixes(3).filter((mix) => witnesses === 'silence' || mix.filter(isWorst).length < 2)
      for (const mix of some) {
        orders += await everyOrder(mix, witnesses, ({ outcomes, begins, lives }) => {
          for (const [key, outcome] of outcomes) {
            const good = key.endsWith('answers')
            expect({ mix, key, outcome }).toMatchObject({
              outcome: good ? { payload: '"done"' } : { functionError: { errorType: 'Runtime.ExitError' } },
            })
            // Once, twice after deaths of the local cloud, once after that of a shared sandbox; more only after excused deaths.
            expect(begins.get(key)).toBeLessThanOrEqual(witnesses === 'silence' ? 4 : 2 * lives)
          }
        })
      }
      expect(orders).toBeGreaterThan(50)
    })

    it('runs an invocation that kills the local cloud three times, and no more', async () => {
      await everyOrder(['answers', 'ends the local cloud'], witnesses, ({ begins, lives }) => {
        expect(begins.get('1: ends the local cloud')).toBe(3)
        expect(lives).toBe(4)
      })
    })
  },
)

describe('the journal of running invocations', () => {
  it('has no entries after a requested shutdown (running/R5)', async () => {
    const path = join(folder, 'by-request')
    const journal = await RunningJournal.open(path)
    journal.begin('1', 'a', PID)
    journal.close()
    expect((await RunningJournal.open(path)).suspicionOf('a')).toMatchObject({ deaths: 0 })
  })

  it('counts a death once even if starts crash, and reads truncated lines (running/R2)', async () => {
    const path = join(folder, 'twice')
    const journal = await RunningJournal.open(path)
    journal.begin('1', 'a', PID)
    await appendFile(path, '["begun","2","b')
    for (const _ of [1, 2, 3]) {
      expect((await RunningJournal.open(path)).suspicionOf('a')).toMatchObject({ deaths: 1 })
    }
  })

  it('stays small with any number of invocations and suspects (running/R6)', async () => {
    const path = join(folder, 'much')
    const journal = await RunningJournal.open(path)
    const key = 'k'.repeat(500)
    journal.begin('stays', 'stays', PID)
    for (let index = 0; index < 20_000; index++) {
      journal.begin(String(index), `${key}${index}`, PID)
      journal.blame(`${key}${index}`)
      journal.end(String(index))
    }
    expect(readFileSync(path).length).toBeLessThan(5 * 1024 * 1024)
    const next = await RunningJournal.open(path)
    expect(next.suspicionOf('stays')).toMatchObject({ deaths: 1 })
    expect(next.suspicionOf(`${key}19999`)).toMatchObject({ blamed: true })
    expect(next.suspicionOf(`${key}0`)).toMatchObject({ blamed: false })
  })
})
