import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Random } from '../../shared/selector/random.ts'
import { clientOf, type ImmediateTable } from './immediate-table.ts'

type Parked = { who: string; goOn(): void }

/**
 * Processes that share a table, one write or read of one of them at a time, in an order that chance decides. Whoever dies does so
 * between two of them: before it asks, or before it hears the answer.
 */
export class Interleaving {
  readonly #table: ImmediateTable
  readonly #random: Random
  readonly #deathRate: number
  #parked: Parked[] = []
  readonly #failures: unknown[] = []
  readonly dead = new Set<string>()

  constructor(table: ImmediateTable, random: Random, { deathRate = 0 } = {}) {
    this.#table = table
    this.#random = random
    this.#deathRate = deathRate
  }

  clientFor(who: string): DynamoDBDocumentClient {
    const client = clientOf(this.#table)
    const send = async (command: Parameters<typeof client.send>[0]): Promise<unknown> => {
      await this.pause(who)
      const answer = await client.send(command).catch((error: Error) => error)
      await this.pause(who)
      if (answer instanceof Error) throw answer
      return answer
    }
    return { send } as unknown as DynamoDBDocumentClient
  }

  /** Others may come first; the dead never get past it. */
  pause(who: string): Promise<void> {
    return new Promise((goOn) => {
      if (!this.dead.has(who)) this.#parked.push({ who, goOn })
    })
  }

  start(process: () => Promise<void>): void {
    process().catch((failure: unknown) => this.#failures.push(failure))
  }

  /** Until nobody is alive; `check` is called between any two operations. Throws what a process has thrown. */
  async run(check: () => void = () => {}): Promise<void> {
    for (;;) {
      // Everybody gets to their next operation, or to their end.
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#failures.length > 0) throw this.#failures[0]
      check()
      if (this.#parked.length === 0) return
      const [next] = this.#parked.splice(Math.floor(this.#random() * this.#parked.length), 1)
      if (!next) return
      if (this.#random() < this.#deathRate) {
        this.dead.add(next.who)
        this.#parked = this.#parked.filter(({ who }) => who !== next.who)
      } else next.goOn()
    }
  }
}
