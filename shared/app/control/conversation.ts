import { numberedPath } from '../../domain/instance-path.ts'
import { superseded } from '../../domain/superseded.ts'
import type { StepOf } from '../../workflow/schema.ts'
import type { Controlled } from './controlled.ts'
import { loop } from './loop.ts'

/** A loop of a model's turns. What the model is given is evaluated once, before the first (converse/D3), and kept for every turn. */
export const conversation: Controlled<StepOf<'converse'>> = {
  template: ({ converse: { system, input } }) => ({ system, input }),
  inputIn: (value) => value,

  async begin({ ports, own }, value) {
    const asked = await ports.values.storeValue(own.taskId, value)
    if (!(await ports.steps.noteStep(own, { asked }))) throw superseded(own.path)
    return { round: numberedPath(own.path, 1) }
  },

  end: loop.end,
}
