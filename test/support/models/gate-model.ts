/**
 * Model checking of gates: every interleaving of two producers and the state that waits for them, with the compiled state's own
 * expressions and the host's own code. A producer may be interrupted between registering and sending, and is then repeated; it may also
 * run twice. Each write of the state may arrive twice, the second time late; its wait may time out; the execution may be redriven,
 * with a clock that was set back.
 */
import { evaluate } from '../../../local/stepfunctions/query/query.ts'
import type { TaskState } from '../../../shared/compiler/asl.ts'
import { immediateTable, type UpdateParameters } from '../stores/immediate-table.ts'
import { gateSignals } from './gate-world.ts'

export const PRODUCERS = ['a', 'b'] as const
type Producer = (typeof PRODUCERS)[number]
const GATES = [{ before: 'c', after: [...PRODUCERS] }]

type Action =
  | `${Producer} adds itself`
  | `${Producer} sends`
  | `${Producer} is cut off`
  | `${Producer} comes again`
  | 'the state writes'
  | 'a write arrives again'
  | 'a write is forgotten'
  | 'the wait times out'
  | 'the execution is redriven'

export type Broken = {
  /** Whether a step that replays its receipt omits the signal. */
  silentReplay?: boolean
}

export type Verdict = {
  /** The number of distinct states. */
  situations: number
  /** The actions after which the state waits for ever (lost wake-up); undefined if that never happens. */
  lost?: Action[]
  /** The actions after which the state has continued before all its producers; undefined if that never happens. */
  early?: Action[]
}

/** Breadth-first exploration: the first violation found is a shortest one. */
export async function exploreGate(state: TaskState, broken: Broken = {}): Promise<Verdict> {
  const rules = { write: writesOf(state), broken }
  const seen = new Set<string>()
  let frontier = [{ world: new World(rules), path: [] as Action[] }]
  while (frontier.length > 0) {
    const next: typeof frontier = []
    for (const { world, path } of frontier) {
      for (const action of world.possible()) {
        const after = new World(rules, world)
        await after.take(action)
        const situation = after.describe()
        if (seen.has(situation)) continue
        seen.add(situation)
        if (after.isEarly()) return { situations: seen.size, early: [...path, action] }
        if (after.isLost()) return { situations: seen.size, lost: [...path, action] }
        next.push({ world: after, path: [...path, action] })
      }
    }
    frontier = next
  }
  return { situations: seen.size }
}

type Rules = { write: ReturnType<typeof writesOf>; broken: Broken }

/** The state's writes in each of its entries. The clock stands still or goes back: the hardest cases for a fencing token. */
function writesOf(
  state: TaskState,
): (redrives: number, retries: number, entered: string) => Promise<UpdateParameters> {
  const known = new Map<string, Promise<UpdateParameters>>()
  return (redrives, retries, EnteredTime) => {
    const token = tokenOf(redrives, retries)
    const entry = `${token} ${EnteredTime}`
    const context = {
      Execution: { Input: { taskId: 't' }, RedriveCount: redrives },
      State: { EnteredTime, RetryCount: retries },
      Task: { Token: token },
    }
    const names = { states: { context, input: {} } }
    const parameters =
      known.get(entry) ?? (evaluate(state.Arguments, () => names, 'Arguments') as Promise<UpdateParameters>)
    known.set(entry, parameters)
    return parameters
  }
}

const tokenOf = (redrives: number, retries: number): string => `token ${redrives}.${retries}`

/** The maximum number of each fault. */
const MOST = { cutOff: 1, again: 1, timeOuts: 1, redrives: 1 } as const
const [ENTERED, EARLIER] = ['2026-01-01T12:00:00.000Z', '2026-01-01T11:00:00.000Z']

type Step = {
  /** `before` it registers; `between` registering and sending; `cut`: interrupted there; `done`. */
  at: 'before' | 'between' | 'cut' | 'done'
  token?: string
  cutOff: number
  again: number
}

class World {
  readonly #rules: Rules
  readonly #table: ReturnType<typeof immediateTable>
  readonly #signal: ReturnType<typeof gateSignals>
  readonly #steps: Record<Producer, Step>
  #sender: Producer = 'a'
  /** `entering`: it has not written; `waiting` under its token; `through`: it has continued. */
  #waiter: 'entering' | 'waiting' | 'through' = 'entering'
  #redrives = 0
  #timeOuts = 0
  #retries = 0
  #entered = ENTERED
  /** Delayed writes that may still arrive. */
  #late: UpdateParameters[] = []

  /** The initial state, or a copy of `from`. */
  constructor(rules: Rules, from?: World) {
    this.#rules = rules
    this.#table = immediateTable(from && structuredClone(from.#table.items))
    this.#steps = from ? structuredClone(from.#steps) : { a: newStep(), b: newStep() }
    this.#signal = gateSignals(this.#table, (token) => {
      Object.assign(this.#steps[this.#sender], { at: 'between', token })
    })
    if (!from) return
    this.#waiter = from.#waiter
    this.#redrives = from.#redrives
    this.#timeOuts = from.#timeOuts
    this.#retries = from.#retries
    this.#late = [...from.#late]
    this.#entered = from.#entered
  }

  possible(): Action[] {
    const actions: Action[] = []
    for (const name of PRODUCERS) {
      const { at, cutOff, again } = this.#steps[name]
      if (at === 'before') actions.push(`${name} adds itself`)
      if (at === 'between') actions.push(`${name} sends`)
      if (at === 'between' && cutOff < MOST.cutOff) actions.push(`${name} is cut off`)
      if (at === 'cut' || (at === 'done' && again < MOST.again)) actions.push(`${name} comes again`)
    }
    if (this.#waiter === 'entering') actions.push('the state writes')
    if (this.#late.length > 0) actions.push('a write arrives again', 'a write is forgotten')
    if (this.#waiter === 'waiting' && this.#timeOuts < MOST.timeOuts) actions.push('the wait times out')
    if (this.#waiter !== 'through' && this.#redrives < MOST.redrives)
      actions.push('the execution is redriven')
    return actions
  }

  async take(action: Action): Promise<void> {
    const [name = '', ...rest] = action.split(' ')
    if (name === 'a' && rest[0] === 'write') return this.#takeLate(rest.join(' '))
    if (name === 'a' || name === 'b') return this.#takeProducer(name, rest.join(' '))
    if (action === 'the state writes') return this.#write()
    if (action === 'the wait times out') {
      this.#timeOuts += 1
      this.#retries += 1
    } else {
      this.#redrives += 1
      this.#retries = 0
      this.#entered = EARLIER
    }
    this.#waiter = 'entering'
  }

  /** All producers are done, and the state still waits. */
  isLost(): boolean {
    const isDone = PRODUCERS.every((name) => this.#steps[name].at === 'done')
    return isDone && this.#waiter === 'waiting'
  }

  /** The state has continued before one of its producers. */
  isEarly(): boolean {
    return this.#waiter === 'through' && PRODUCERS.some((name) => this.#steps[name].at === 'before')
  }

  describe(): string {
    const items = [...this.#table.items.values()]
    const late = this.#late.map(({ ExpressionAttributeValues }) => ExpressionAttributeValues)
    const counts = [this.#redrives, this.#timeOuts, this.#retries]
    return JSON.stringify([items, this.#steps, this.#waiter, counts, late])
  }

  async #takeProducer(name: Producer, what: string): Promise<void> {
    const step = this.#steps[name]
    if (what === 'is cut off') {
      step.cutOff += 1
      step.at = 'cut'
      return
    }
    if (what === 'sends') {
      step.at = 'done'
      // A token that is no longer waited for is answered with an error, which the host ignores.
      if (this.#waiter === 'waiting' && step.token === this.#token()) this.#waiter = 'through'
      return
    }
    const isReplay = what === 'comes again'
    if (isReplay && step.at === 'done') step.again += 1
    step.at = 'done'
    if (isReplay && this.#rules.broken.silentReplay) return
    this.#sender = name
    await this.#signal({ taskId: 't', gates: GATES }, name)
  }

  async #write(): Promise<void> {
    const parameters = await this.#rules.write(this.#redrives, this.#retries, this.#entered)
    this.#waiter = this.#isTaken(parameters) ? 'waiting' : 'through'
    this.#late.push(parameters)
  }

  #takeLate(what: string): void {
    const [first, ...others] = this.#late
    this.#late = others
    if (first && what === 'write arrives again') this.#isTaken(first)
  }

  #isTaken(parameters: UpdateParameters): boolean {
    try {
      this.#table.update(parameters)
      return true
    } catch (error) {
      if ((error as Error).name === 'ConditionalCheckFailedException') return false
      throw error
    }
  }

  #token(): string {
    return tokenOf(this.#redrives, this.#retries)
  }
}

function newStep(): Step {
  return { at: 'before', cutOff: 0, again: 0 }
}
