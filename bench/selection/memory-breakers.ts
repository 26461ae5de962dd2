import {
  admission,
  afterCall,
  type Breaker,
  beginTrial,
  CLOSED,
  type Pass,
} from '../../shared/selector/breaker.ts'
import type { Request } from './world.ts'

const TRIAL_SECONDS = 30

/** The breakers of all models, in memory. */
export class MemoryBreakers {
  readonly #breakers = new Map<number, Breaker>()
  readonly #passes = new Map<Request, Pass>()

  /** Those that may not be asked; at most half of them. */
  refused(models: readonly number[], now: number): Set<number> {
    const refused = models.filter((model) => admission(this.#of(model), now) === 'refused')
    return new Set(refused.slice(0, Math.floor(models.length / 2)))
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

  end(model: number, request: Request, succeeded: boolean, now: number): void {
    const pass = this.#passes.get(request)
    this.#passes.delete(request)
    if (pass) this.#breakers.set(model, afterCall(this.#of(model), pass, succeeded, now))
  }

  #of(model: number): Breaker {
    return this.#breakers.get(model) ?? CLOSED
  }
}
