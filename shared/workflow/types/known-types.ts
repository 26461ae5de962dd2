/** The types of variables that are the same in every workflow, and that of its shared state. */
import { STEP_STATUSES } from '../../domain/step.ts'
import type { WorkflowState } from '../state-schema.ts'
import { ANY, INTEGER, objectOf, oneOf, orNothing, STRING, type Type } from './type.ts'
import { typeOfSchema } from './type-of-schema.ts'

export const ERROR = objectOf({
  name: STRING,
  message: STRING,
  stepId: STRING,
  path: STRING,
  attempts: INTEGER,
})
export const TASK = objectOf({
  id: STRING,
  type: { type: STRING, optional: true },
  metadata: objectOf({}, STRING),
})
export const STATUS = oneOf(STEP_STATUSES)

/** `$state`: a key without an initial value may be absent. Keys that are not declared are reported elsewhere. */
export function typeOfState(state: WorkflowState = {}): Type {
  const fields = Object.entries(state).map(([key, { schema, initial }]) => {
    const type = schema === undefined ? ANY : typeOfSchema(schema)
    return [key, { type, optional: initial === undefined }] as const
  })
  return { object: { fields: new Map(fields), rest: ANY } }
}

/** `$current`: the newest value of a key, or nothing before its first version. */
export function typeOfCurrent(definition: WorkflowState[string] | undefined): Type {
  if (definition?.schema === undefined) return ANY
  const type = typeOfSchema(definition.schema)
  return definition.initial === undefined ? orNothing(type) : type
}
