/**
 * Model checking of suspensions: every interleaving of two answers to one callback, the end of the time, the state that waits, and the host, with the compiled
 * state's own expressions, and the production's use case, adapter and host code. An answer may be interrupted between its write and its send, and may come
 * again; the host may be interrupted after any of its writes, and is then called again; each write of the state may arrive twice, the second time late; the
 * execution may be redriven; the task may be cancelled. The agent suspends twice, and the answers are to its first suspension.
 */
import { dynamodbSuspensions } from '../../../functions/adapters/dynamodb/suspending/suspensions.ts'
import { evaluate } from '../../../local/stepfunctions/query/query.ts'
import { wakeStep } from '../../../shared/app/suspending/wake-step.ts'
import type { TaskState } from '../../../shared/compiler/asl.ts'
import type { StepRecord } from '../../../shared/domain/step.ts'
import type { Suspended } from '../../../shared/domain/suspension.ts'
import { situationOf } from '../../../shared/host/suspending/situation.ts'
import { suspendedAt } from '../../../shared/host/suspending/suspended-at.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { clientOf, immediateTable, type UpdateParameters } from '../stores/immediate-table.ts'
import { openTask } from '../stores/open-task.ts'
import { portsWith } from '../stores/ports-with.ts'

export const CALLERS = ['a', 'b'] as const
type Caller = (typeof CALLERS)[number]

type Action =
  | `${Caller} answers`
  | `${Caller} sends`
  | `${Caller} is cut off`
  | `${Caller} comes again`
  | 'the agent suspends'
  | 'the state writes'
  | 'a write arrives again'
  | 'a write is forgotten'
  | 'the time is over'
  | 'the state times out'
  | 'the host is called'
  | 'the host is cut off'
  | 'the execution is redriven'
  | 'the task is cancelled'

/** Parts of the protocol that are left out, which must break it. */
export type Broken = {
  /** A repeat of an answer is not sent again. */
  silentRepeat?: boolean
  /** The host does not look whether the step was woken before it goes on by the end of its time. */
  blindHost?: boolean
}

export type Verdict = {
  /** The number of distinct states. */
  situations: number
  /** The actions after which the state waits although the step was woken, and nobody is left who wakes it. */
  lost?: Action[]
  /** The actions after which a suspension was resumed by two causes, or by another than was told that it has. */
  twice?: Action[]
}

/** Breadth-first exploration: the first violation found is a shortest one. */
export async function exploreSuspension(state: TaskState, broken: Broken = {}): Promise<Verdict> {
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
        if (after.isTwice()) return { situations: seen.size, twice: [...path, action] }
        if (after.isLost()) return { situations: seen.size, lost: [...path, action] }
        next.push({ world: after, path: [...path, action] })
      }
    }
    frontier = next
  }
  return { situations: seen.size }
}

type Entry = { redrives: number; turn: number; n: number }
type Rules = { write: ReturnType<typeof writesOf>; broken: Broken }

const tokenOf = ({ redrives, turn }: Entry): string => `token ${redrives}.${turn}`

/** The state's writes in each of its entries. */
function writesOf(state: TaskState): (entry: Entry) => Promise<UpdateParameters> {
  const known = new Map<string, Promise<UpdateParameters>>()
  return (entry) => {
    const { redrives, turn, n } = entry
    const key = JSON.stringify(entry)
    const context = {
      Execution: { Input: { taskId: TASK }, RedriveCount: redrives },
      State: { RetryCount: 0 },
      Task: { Token: tokenOf(entry) },
    }
    const input = { suspended: [{ n, seconds: 60, heartbeat: 60, turn }], kept: [] }
    const parameters =
      known.get(key) ??
      (evaluate(
        state.Arguments,
        () => ({ states: { context, input } }),
        'Arguments',
      ) as Promise<UpdateParameters>)
    known.set(key, parameters)
    return parameters
  }
}

const TASK = 't_1'
const PATH = 'c'

/** The names of the step, whose states are explored. */
export const STEP = { name: PATH, agent: '', path: `'${PATH}'` }

const PLAN = { execution: 1, suspending: [PATH] }
const SINCE = '2026-01-01T00:00:00.000Z'
const ENDS = '2026-01-01T00:01:00.000Z'
/** The maximum number of each fault. */
const MOST = { cutOff: 1, again: 1, redrives: 1, hostCutOff: 1 } as const
const MOST_SUSPENSIONS = 2

type Call = {
  at: 'before' | 'between' | 'cut' | 'done'
  token?: string
  cutOff: number
  again: number
  told?: 'woken' | 'already' | 'gone'
}

class World {
  readonly #rules: Rules
  readonly #table: ReturnType<typeof immediateTable>
  readonly #calls: Record<Caller, Call>
  #caller: Caller = 'a'
  /** `working`: the agent works; `entering`: the state has not written; `waiting`: under its token; `host`: the host is called next. */
  #at: 'working' | 'entering' | 'waiting' | 'host' | 'ended' | 'cancelled' = 'working'
  #suspended: Suspended | undefined
  #isOver = false
  #redrives = 0
  #turn = 0
  #hostCutOff = 0
  /** By suspension, the causes by which the agent was called again. */
  #resumed: Record<number, string[]> = {}
  #late: UpdateParameters[] = []

  constructor(rules: Rules, from?: World) {
    this.#rules = rules
    this.#table = immediateTable(from && structuredClone(from.#table.items))
    this.#calls = from ? structuredClone(from.#calls) : { a: newCall(), b: newCall() }
    if (!from) return
    this.#at = from.#at
    this.#suspended = structuredClone(from.#suspended)
    this.#isOver = from.#isOver
    this.#redrives = from.#redrives
    this.#turn = from.#turn
    this.#hostCutOff = from.#hostCutOff
    this.#resumed = structuredClone(from.#resumed)
    this.#late = [...from.#late]
  }

  possible(): Action[] {
    const actions: Action[] = []
    for (const name of CALLERS) {
      const { at, cutOff, again } = this.#calls[name]
      if (at === 'before') actions.push(`${name} answers`)
      if (at === 'between') actions.push(`${name} sends`)
      if (at === 'between' && cutOff < MOST.cutOff) actions.push(`${name} is cut off`)
      if (at === 'cut' || (at === 'done' && again < MOST.again)) actions.push(`${name} comes again`)
    }
    if (this.#at === 'working') actions.push('the agent suspends')
    if (this.#at === 'entering') actions.push('the state writes')
    if (this.#late.length > 0) actions.push('a write arrives again', 'a write is forgotten')
    const isOpen = this.#suspended !== undefined && this.#suspended.resumedAt === undefined
    if (isOpen && !this.#isOver) actions.push('the time is over')
    if (this.#at === 'waiting' && this.#isOver) actions.push('the state times out')
    if (this.#at === 'host') actions.push('the host is called')
    if (this.#at === 'host' && this.#hostCutOff < MOST.hostCutOff) actions.push('the host is cut off')
    if (['entering', 'waiting'].includes(this.#at)) {
      if (this.#redrives < MOST.redrives) actions.push('the execution is redriven')
      actions.push('the task is cancelled')
    }
    return actions
  }

  async take(action: Action): Promise<void> {
    const [name = '', ...rest] = action.split(' ')
    if (name === 'a' && rest[0] === 'write') return this.#takeLate(rest.join(' '))
    if (name === 'a' || name === 'b') return this.#takeCall(name, rest.join(' '))
    if (action === 'the agent suspends') return this.#suspend()
    if (action === 'the state writes') return this.#write()
    if (action === 'the time is over') this.#isOver = true
    else if (action === 'the state times out') this.#at = 'host'
    else if (action === 'the host is called') await this.#host('whole')
    else if (action === 'the host is cut off') await this.#host('cut off')
    else if (action === 'the task is cancelled') this.#at = 'cancelled'
    else {
      this.#redrives += 1
      this.#at = 'entering'
    }
  }

  /** The step was woken, the state waits, and nobody is left who wakes it: neither a caller nor the end of the time. */
  isLost(): boolean {
    if (this.#at !== 'waiting' || this.#suspended?.n !== 1) return false
    const calls = CALLERS.map((name) => this.#calls[name])
    return calls.some(({ told }) => told === 'woken') && calls.every(({ at }) => at === 'done')
  }

  /** A suspension was resumed by two causes, or by another than the one that was told so. */
  isTwice(): boolean {
    if (Object.values(this.#resumed).some((causes) => new Set(causes).size > 1)) return true
    const woken = CALLERS.filter((name) => this.#calls[name].told === 'woken')
    if (woken.length > 1) return true
    const [by] = this.#resumed[1] ?? []
    return by !== undefined && woken.length === 1 && by !== woken[0]
  }

  describe(): string {
    const items = [...this.#table.items.values()]
    const late = this.#late.map(({ ExpressionAttributeValues }) => ExpressionAttributeValues)
    const counts = [this.#redrives, this.#turn, this.#hostCutOff, this.#isOver]
    return JSON.stringify([items, this.#calls, this.#at, this.#suspended, counts, this.#resumed, late])
  }

  #ports() {
    const record: StepRecord = {
      path: PATH,
      status: this.#at === 'ended' ? 'succeeded' : 'running',
      fence: '1',
      owner: 'r',
      startedAt: SINCE,
      agentId: 'worker',
      attempts: [],
      ...(this.#suspended ? { suspended: this.#suspended } : {}),
    }
    const task = openTask({ id: TASK, ...(this.#at === 'cancelled' ? { status: 'waiting' } : {}) })
    const ended = {
      ...task,
      status: 'cancelled' as const,
      reason: '',
      endedAt: SINCE,
      cost: { usd: 0, tokens: 0 },
    }
    return portsWith<Pick<Ports, 'suspensions' | 'executions' | 'tasks' | 'steps' | 'clock'>>({
      suspensions: dynamodbSuspensions({ client: clientOf(this.#table), table: 'tasks' }),
      executions: {
        wake: async (token) => void Object.assign(this.#calls[this.#caller], { at: 'between', token }),
      },
      tasks: { findTask: async () => (this.#at === 'cancelled' ? ended : task) },
      steps: { findSteps: async () => [record] },
      clock: { now: () => new Date(this.#isOver ? ENDS : SINCE) },
    })
  }

  async #takeCall(name: Caller, what: string): Promise<void> {
    const call = this.#calls[name]
    if (what === 'is cut off') {
      call.cutOff += 1
      call.at = 'cut'
      return
    }
    if (what === 'sends') {
      call.at = 'done'
      // A token that is no longer waited for is answered with an error, which is ignored.
      if (this.#at === 'waiting' && call.token === this.#token()) this.#at = 'host'
      return
    }
    const isRepeat = what === 'comes again'
    if (isRepeat && call.at === 'done') call.again += 1
    call.at = 'done'
    if (isRepeat && this.#rules.broken.silentRepeat) return
    this.#caller = name
    const by = { kind: 'callback' as const, output: { inline: JSON.stringify(name) } }
    const of = { taskId: TASK, execution: 1, path: PATH, n: 1 }
    call.told = (await wakeStep(this.#ports())({ ...of, by, cause: name })).kind
  }

  #suspend(): void {
    const n = (this.#suspended?.n ?? 0) + 1
    const until = { kind: 'callback' as const }
    const of = { n, execution: 1, until, agentId: 'worker', agentVersion: '1.0.0' }
    this.#suspended = { ...of, since: SINCE, endsAt: ENDS, workedMs: 0, waitedMs: 0 }
    this.#isOver = false
    this.#turn += 1
    this.#at = 'entering'
  }

  /** One call of the host, which may end after its claim, before it has called the agent. */
  async #host(how: 'whole' | 'cut off'): Promise<void> {
    if (how === 'cut off') this.#hostCutOff += 1
    const own = { taskId: TASK, path: PATH, owner: 'r', fence: '2' }
    const situation = this.#rules.broken.blindHost
      ? await situationOf(this.#blind(), { own, plan: PLAN, agentId: 'worker' })
      : await situationOf(this.#ports(), { own, plan: PLAN, agentId: 'worker' })
    if (how === 'cut off') return
    if (situation?.kind === 'waits') {
      this.#turn += 1
      this.#at = 'entering'
      return
    }
    if (situation?.kind !== 'resumes') throw new Error(`the step ${situation?.kind}`)
    const { suspended, by } = situation
    const cause = 'output' in by && 'inline' in by.output ? (JSON.parse(by.output.inline) as string) : by.kind
    this.#resumed[suspended.n] = [...(this.#resumed[suspended.n] ?? []), cause]
    this.#suspended = suspendedAt(situation, ENDS)
    this.#at = suspended.n < MOST_SUSPENSIONS ? 'working' : 'ended'
  }

  /** What a host would see that does not look at what was woken. */
  #blind() {
    const { suspensions, ...ports } = this.#ports()
    return {
      ...ports,
      suspensions: {
        ...suspensions,
        findWoken: async () => ({}),
        wake: async () => ({ kind: 'woken' as const, token: undefined }),
      },
    }
  }

  async #write(): Promise<void> {
    const parameters = await this.#rules.write(this.#entry())
    this.#at = this.#isTaken(parameters) ? 'waiting' : 'host'
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

  #entry(): Entry {
    return { redrives: this.#redrives, turn: this.#turn, n: this.#suspended?.n ?? 0 }
  }

  #token(): string {
    return tokenOf(this.#entry())
  }
}

const newCall = (): Call => ({ at: 'before', cutOff: 0, again: 0 })
