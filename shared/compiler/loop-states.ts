import type { Flow, Onward, State } from './asl.ts'
import { controlTask } from './control-states.ts'
import type { StepNames } from './step-names.ts'
import { CAUGHT, wayOut } from './step-states.ts'

/** The state that follows a loop's body after each round. */
export const nextRoundOf = ({ name }: StepNames): string => `${name}: next`

/**
 * A loop: its body between two calls of the control function, and a Choice that starts the next round. `variable` holds the round while the
 * body runs. With `isContained` the body ends inside a Parallel whose Catch contains failures; otherwise it continues with
 * {@link nextRoundOf}.
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

/** A container that catches the failures of a body and continues with `next`. */
export function containerOf(body: Flow, next: string): State {
  return {
    Type: 'Parallel',
    Branches: [body],
    Output: '{% {} %}',
    Catch: [{ ErrorEquals: ['States.ALL'], Next: next }],
    Next: next,
  }
}
