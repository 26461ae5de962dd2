import { type Breaker, CLOSED } from '../../shared/domain/breaker.ts'
import {
  admission,
  afterCall,
  beginTrial,
  type CallEnd,
  heldBack,
  type Pass,
} from '../../shared/selector/breaker.ts'
import type { Request } from './world.ts'

const TRIAL_SECONDS = 30

/** The circuit breakers of all models, in memory. */
export class MemoryBreakers {
  readonly #breakers = new Map<number, Breaker>()
  readonly #passes = new Map<Request, Pass>()

  /** The models with an open breaker; at most half of all. */
  refused(models: readonly number[], now: number): Set<number> {
    const breakers = new Map(models.map((model) => [String(model), this.#of(model)]))
    return new Set([...heldBack(breakers, now)].map(Number))
  }

  begin(model: number, request: Request, now: number): void {
    const breaker = this.#of(model)
    const { generation } = breaker
    if (admission(breaker, now) !== 'trial') {
      this.#passes.set(request, { generation })
      return
    }
    const trialId = String(request.at)
    this.#breakers.set(model, beginTrial(breaker, trialId, now + TRIAL_SECONDS))
    this.#passes.set(request, { generation, trialId })
  }

  end(model: number, request: Request, end: CallEnd, now: number): void {
    const pass = this.#passes.get(request)
    this.#passes.delete(request)
    if (pass) this.#breakers.set(model, afterCall(this.#of(model), pass, end, now))
  }

  #of(model: number): Breaker {
    return this.#breakers.get(model) ?? CLOSED
  }
}
