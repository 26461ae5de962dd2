import type { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import type { Random } from '../../../shared/domain/random.ts'
import { documentClientWith } from '../cloud/replaced-send.ts'

/** The process that takes its next step, or dies there. Without a choice all of them stop. */
type Choice = { at: number; dies?: boolean }
type Choose = (waiting: number) => Choice | undefined
type Parked = { who: string; goOn(): void }

/** A random interleaving, with a death now and then. */
export function byChance(random: Random, { deathRate = 0 } = {}): Choose {
  return (waiting) => ({ at: Math.floor(random() * waiting), dies: random() < deathRate })
}

/**
 * Processes that share a table, with one operation of one process at a time. A process dies between operations: before it
 * sends one, or before it gets the answer.
 */
export class Interleaving {
  readonly #client: DynamoDBDocumentClient
  readonly #choose: Choose
  readonly #hearsAtOnce: boolean
  #parked: Parked[] = []
  /** Operations without an answer yet. */
  #asked: Promise<unknown>[] = []
  readonly #failures: unknown[] = []
  readonly #heard = new Map<string, string>()
  readonly dead = new Set<string>()

  /** With `hearsAtOnce` a process dies only before it sends: equivalent if it does nothing between operations. */
  constructor(client: DynamoDBDocumentClient, choose: Choose, { hearsAtOnce = false } = {}) {
    this.#client = client
    this.#choose = choose
    this.#hearsAtOnce = hearsAtOnce
  }

  clientFor(who: string): DynamoDBDocumentClient {
    return documentClientWith(async (command) => {
      await this.pause(who)
      // The client sends commands of every class; its type wants one of them.
      const asked = this.#client.send(command as GetCommand).catch((error: Error) => error)
      this.#asked.push(asked)
      const answer = await asked
      if (!this.#hearsAtOnce) await this.pause(who)
      this.#hear(who, answer)
      if (answer instanceof Error) throw answer
      return answer
    })
  }

  /** Lets other processes go first; a dead process never continues. */
  pause(who: string): Promise<void> {
    return new Promise((goOn) => {
      if (!this.dead.has(who)) this.#parked.push({ who, goOn })
    })
  }

  start(process: () => Promise<void>): void {
    process().catch((failure: unknown) => this.#failures.push(failure))
  }

  /** Runs until every process has ended or died; `check` is called between any two operations. Throws the error of a process. */
  async run(check: () => Promise<void> | void = () => {}): Promise<void> {
    for (;;) {
      await this.#settle()
      if (this.#failures.length > 0) throw this.#failures[0]
      await check()
      const choice = this.#parked.length > 0 ? this.#choose(this.#parked.length) : undefined
      const [next] = choice ? this.#parked.splice(choice.at, 1) : []
      if (!next) return
      this.#hear(next.who, choice?.dies ? 'dies' : 'goes on')
      if (choice?.dies) {
        this.dead.add(next.who)
        this.#parked = this.#parked.filter(({ who }) => who !== next.who)
      } else next.goOn()
    }
  }

  /** All answers that a process got, which determine its state. */
  describe(): string {
    return JSON.stringify([...this.#heard].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Waits until every process is at its next operation, or has ended. */
  async #settle(): Promise<void> {
    do {
      await Promise.all(this.#asked.splice(0))
      await new Promise((resolve) => setImmediate(resolve))
    } while (this.#asked.length > 0)
  }

  #hear(who: string, what: unknown): void {
    const text = what instanceof Error ? what.name : JSON.stringify(what)
    this.#heard.set(who, `${this.#heard.get(who) ?? ''} ${text}`)
  }
}
