import type { Flow, Onward, State } from './asl.ts'
import { controlTask } from './control-states.ts'
import type { StepNames } from './step-names.ts'
import { CAUGHT, wayOut } from './step-states.ts'

/** Where the body of a loop goes when a round has ended. */
export const nextRoundOf = ({ name }: StepNames): string => `${name}: next`

/**
 * A loop: its body between two calls of the control function, and a Choice that goes round. `variable` holds the round while
 * the body runs. `isContained`: the body, which then ends, stands in a Parallel whose Catch keeps failures inside; else it goes
 * to {@link nextRoundOf}.
 */
export function statesOfLoop(
  names: StepNames,
  variable: string,
  body: Flow,
  isContained: boolean,
  onward: Onward,
): Record<string, State> {
  const { name } = names
  const [again, container, next] = [`${name}: again?`, `${name}: body`, nextRoundOf(names)]
  const Assign = { [variable]: '{% $states.result.Payload.round %}' }
  const round = { round: `{% $${variable} %}` }
  const out = wayOut(names, onward)
  return {
    [name]: { ...controlTask(names, 'begin', { Next: again }), Assign },
    [again]: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $exists($states.input.status) %}', Next: out.to }],
      Default: isContained ? container : body.StartAt,
    },
    ...(isContained ? { [container]: containerOf(body, next) } : body.States),
    [next]: {
      ...controlTask(names, 'end', { Next: again }, isContained ? { ...round, error: CAUGHT } : round),
      Assign,
    },
    ...out.states,
  }
}

/** A body whose failures go to `next`. */
export function containerOf(body: Flow, next: string): State {
  return {
    Type: 'Parallel',
    Branches: [body],
    Output: '{% {} %}',
    Catch: [{ ErrorEquals: ['States.ALL'], Next: next }],
    Next: next,
  }
}
