import { suggestNames } from '../domain/nearest-names.ts'
import { everyStep } from '../workflow/places.ts'
import { isAgentStep, type Step, type Steps } from '../workflow/schema.ts'

/** A step that names a model which the stage does not have: its place, the field in it, and why that is wrong. */
export type UnknownModel = { place: string; field: string; message: string }

/** The models that steps name, and the stage does not have. `known`: the names that the stage configures. */
export function unknownModels(steps: Steps, known: readonly string[]): UnknownModel[] {
  return everyStep(steps).flatMap(({ place, step }) =>
    namedBy(step).flatMap(({ field, model }) =>
      known.includes(model) ? [] : [{ place, field, message: describeUnknownModel(model, known) }],
    ),
  )
}

function namedBy(step: Step): { field: string; model: string }[] {
  if ('converse' in step) return [{ field: 'converse.model', model: step.converse.model }]
  const model = isAgentStep(step) ? step.evaluate?.judge?.model : undefined
  return model === undefined ? [] : [{ field: 'evaluate.judge.model', model }]
}

/** `the stage has no model "fats"; did you mean "fast"? (known: default, fast)`. */
function describeUnknownModel(name: string, known: readonly string[]): string {
  const others = known.length === 0 ? ': it configures none' : suggestNames(name, known)
  return `the stage has no model "${name}"${others}; set models.${name} in the stage file, or name another`
}
