/** What a fan-out does for one item that is more than one call of an agent: a child workflow, or steps of its own. */
import type { StepOf } from '../workflow/schema.ts'
import type { Flow, State, TaskState } from './asl.ts'
import { controlTask } from './control-states.ts'
import { containerOf } from './loop-states.ts'
import { statesOfChild } from './start-states.ts'
import type { StepNames } from './step-names.ts'
import { CAUGHT } from './step-states.ts'

/** `item` are the names of the item's own states. */
export function flowOfChildItem(item: StepNames, step: StepOf<'workflow'>): Flow {
  const States = statesOfChild(item, step, { End: true })
  const end = `${item.name}: end`
  States[end] = { ...(States[end] as TaskState), Output: '{% {} %}' }
  return { StartAt: item.name, States }
}

/**
 * The steps of an item between a state that names the item for them, and a call of the control function that ends it. Inside a Map
 * the index is that of the innermost Map: a `variable` holds the path for all that is inside. Failures stay in the container.
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
