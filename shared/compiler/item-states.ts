/** The states of one item of a fan-out that is a child workflow or has a body of steps. */
import type { StepOf } from '../workflow/schema.ts'
import type { Flow, State, TaskState } from './asl.ts'
import { controlTask } from './control-states.ts'
import { containerOf } from './loop-states.ts'
import { statesOfChild } from './start-states.ts'
import type { StepNames } from './step-names.ts'
import { CAUGHT } from './step-states.ts'

/** An item that runs a child workflow; `item` are the names of its states. */
export function flowOfChildItem(item: StepNames, step: StepOf<'workflow'>): Flow {
  const States = statesOfChild(item, step, { End: true })
  const end = `${item.name}: end`
  States[end] = { ...(States[end] as TaskState), Output: '{% {} %}' }
  return { StartAt: item.name, States }
}

/**
 * The steps of an item's body between a state that assigns the item's path, and a call of the control function that ends it. The context's
 * index is that of the innermost Map, so a `variable` holds the path. A container catches failures.
 */
export function flowOfSteps(item: StepNames, variable: string, body: Flow): Flow {
  const [container, end] = [`${item.name}: steps`, `${item.name}: end`]
  const names: State = {
    Type: 'Pass',
    Assign: { [variable]: `{% ${item.path} %}` },
    Output: '{% {} %}',
    Next: container,
  }
  const ended = controlTask({ ...item, path: `$${variable}` }, 'end', { End: true }, { error: CAUGHT })
  return {
    StartAt: item.name,
    States: {
      [item.name]: names,
      [container]: containerOf(body, end),
      [end]: { ...ended, Output: '{% {} %}' },
    },
  }
}
