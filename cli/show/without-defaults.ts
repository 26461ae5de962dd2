import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../../shared/domain/json.ts'
import { WorkflowSchema } from '../../shared/workflow/schema.ts'

/**
 * A definition with no more than it takes to mean the same: a member is left out where the definition is parsed to the same workflow without
 * it. A definition that is no workflow stays as it is.
 */
export function withoutDefaults(definition: JsonObject): JsonObject {
  const meaning = meaningOf(definition)
  return meaning === undefined ? definition : brief(definition, (whole) => meaningOf(whole) === meaning)
}

const meaningOf = (definition: JsonObject): string | undefined => {
  const parsed = WorkflowSchema.safeParse(definition)
  return parsed.success ? canonicalJson(parsed.data) : undefined
}

/** Tries each member at every depth; `isSame` judges a candidate in its place in the whole. */
function brief(value: JsonObject, isSame: (candidate: JsonObject) => boolean): JsonObject {
  let kept = value
  for (const [name, member] of Object.entries(value)) {
    const { [name]: _, ...without } = kept
    if (isSame(without)) {
      kept = without
      continue
    }
    const inPlace = (inner: Json): JsonObject => ({ ...kept, [name]: inner })
    if (isJsonObject(member)) kept = inPlace(brief(member, (inner) => isSame(inPlace(inner))))
  }
  return kept
}
