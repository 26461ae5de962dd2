import type { Request, Result, World } from './world.ts'

/** Chooses a model for a request, and is told the outcome when the call ends. */
export type Policy = {
  choose(request: Request, models: readonly number[], inflight: readonly number[]): number
  learn?(model: number, request: Request, result: Result, at: number): void
}

type Ending = { at: number; model: number; request: Request; result: Result }

/** The mean utility of a policy in a world. */
export function runPolicy(world: World, policy: Policy): number {
  const all = world.models.map((_, model) => model)
  const inflight = all.map(() => 0)
  const endings: Ending[] = []
  let sum = 0
  for (const request of world.requests) {
    for (let next = endings[0]; next && next.at <= request.at; next = endings[0]) {
      endings.shift()
      inflight[next.model] = (inflight[next.model] ?? 0) - 1
      policy.learn?.(next.model, next.request, next.result, next.at)
    }
    const there = all.filter((model) => world.exists(model, request.at))
    const model = policy.choose(request, there, inflight)
    inflight[model] = (inflight[model] ?? 0) + 1
    const result = world.call(model, request, inflight[model] ?? 0)
    sum += result.utility
    insert(endings, { at: request.at + result.seconds, model, request, result })
  }
  return sum / world.requests.length
}

/** Few calls are in flight, so the place is near the end. */
function insert(endings: Ending[], ending: Ending): void {
  let place = endings.length
  while (place > 0 && (endings[place - 1]?.at ?? 0) > ending.at) place -= 1
  endings.splice(place, 0, ending)
}
