import { placeOf } from '../domain/instance-path.ts'
import { type Issue, issue } from '../domain/issue.ts'
import { addressOf } from '../domain/message.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { hasExpressions } from './expressions.ts'
import { everyStep, pathOfPlace } from './places.ts'
import type { Steps } from './schema.ts'

/** Issues of messages to steps that are not in the workflow, or wait for none. */
export function issuesOfSends(steps: Steps): Issue[] {
  const all = everyStep(steps)
  const waiting = all.flatMap(({ place, step }) =>
    'wait' in step && typeof step.wait === 'object' && 'message' in step.wait ? [place] : [],
  )
  return all.flatMap(({ place, step }) => {
    if (!('send' in step) || hasExpressions(step.send.to)) return []
    const { kind, name = '' } = addressOf(step.send.to) ?? {}
    if (kind !== 'step' || waiting.includes(placeOf(name))) return []
    const isStep = all.some((one) => one.place === placeOf(name))
    const why = isStep ? `step "${name}" waits for no message` : `there is no step "${name}"`
    const known =
      waiting.length === 0
        ? '; none of the steps waits for a message: wait: {message: {}}'
        : suggestNames(name, waiting)
    return [issue('unknown-step', `${pathOfPlace(steps, place)}.send.to`, `${why}${known}`)]
  })
}
