import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { ownOf } from '../domain/own.ts'
import { shown } from '../domain/shown.ts'
import { StepIdSchema, stepSchemaFor } from '../workflow/schema.ts'
import { renameSteps } from './rename-steps.ts'
import { type Repair, repaired } from './repair.ts'
import { understandName } from './understand-name.ts'

export type StepsDraft = Record<string, JsonObject>

/** Words of other languages for fields of this one. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  tool: 'capability',
  action: 'capability',
  function: 'capability',
  inputs: 'input',
  args: 'input',
  arguments: 'input',
  parameters: 'input',
  params: 'input',
  dependson: 'needs',
  dependencies: 'needs',
  deps: 'needs',
  after: 'needs',
  foreach: 'forEach',
  if: 'when',
  condition: 'when',
}

/**
 * Steps as the language writes them: a map by id, with its names of fields. What cannot be brought into this form is left as it is, for validation
 * to say what is wrong; undefined where there is no map of steps in it.
 */
export function repairStructure(
  given: Json | undefined,
  path: string,
  repairs: Repair[],
): StepsDraft | undefined {
  const listed = Array.isArray(given) ? mapOfList(given, path, repairs) : given
  if (!isJsonObject(listed) || !Object.values(listed).every(isJsonObject)) return undefined
  const steps = listed as StepsDraft
  const named = Object.entries(steps).map(
    ([id, step]) => [id, repairFields(step, `${path}.${id}`, id, repairs)] as const,
  )
  return withValidIds(Object.fromEntries(named), path, repairs)
}

/** Undefined where two steps have one id: which of them the others need is not known. */
function mapOfList(list: readonly Json[], path: string, repairs: Repair[]): JsonObject | undefined {
  if (!list.every(isJsonObject)) return undefined
  const ids = list.map(({ id, name }, at) => String(id ?? name ?? `s${at + 1}`))
  if (list.length === 0 || new Set(ids).size < ids.length) return undefined
  repairs.push(repaired('steps', path, `wrote the list of ${list.length} steps as a map by their ids`))
  return Object.fromEntries(
    list.map((step, at) => {
      const { id: _id, name: _name, ...fields } = step
      return [ids[at] as string, fields]
    }),
  )
}

/** Empty fields left out, and fields under another word for them renamed. */
function repairFields(given: JsonObject, path: string, id: string, repairs: Repair[]): JsonObject {
  const step = withoutEmpty(given, path, id, repairs)
  const known = Object.keys(stepSchemaFor(step).shape)
  // A map, because a draft may have a field `__proto__`.
  const fields = new Map<string, Json>()
  for (const [field, value] of Object.entries(step)) {
    const right = known.includes(field) ? field : rightField(field, known)
    if (right === undefined || right === field || Object.hasOwn(step, right) || fields.has(right)) {
      fields.set(field, value)
      continue
    }
    repairs.push(repaired('field', `${path}.${field}`, `"${field}" is written "${right}"`))
    fields.set(right, value)
  }
  const needs = fields.get('needs')
  if (typeof needs === 'string' || typeof needs === 'number') {
    repairs.push(repaired('need', `${path}.needs`, `wrote ${shown(needs)} as a list of one`))
    fields.set('needs', [needs])
  }
  return Object.fromEntries(fields)
}

/** Models that fill in a schema write null into what they leave out, which `input: null` alone may mean, and a step's id into the step. */
function withoutEmpty(step: JsonObject, path: string, id: string, repairs: Repair[]): JsonObject {
  const isEmpty = ([field, value]: [string, Json]): boolean =>
    (value === null && field !== 'input') || ((field === 'id' || field === 'name') && value === id)
  const empty = Object.entries(step).filter(isEmpty)
  for (const [field, value] of empty)
    repairs.push(repaired('field', `${path}.${field}`, `left out "${field}", which is ${shown(value)}`))
  return Object.fromEntries(Object.entries(step).filter((one) => !isEmpty(one)))
}

function rightField(field: string, known: readonly string[]): string | undefined {
  const other = ownOf(OTHER_WORDS, field.toLowerCase().replaceAll(/[^a-z]/g, ''))
  if (other !== undefined && known.includes(other)) return other
  const found = understandName(
    field,
    known.map((name) => ({ name })),
  )
  return found && !found.guessed ? found.name : undefined
}

/** Ids that the language refuses (`Fetch page`, `1`) get the nearest that it takes, wherever they are mentioned. */
function withValidIds(steps: StepsDraft, path: string, repairs: Repair[]): StepsDraft {
  const renamed = new Map<string, string>()
  for (const id of Object.keys(steps)) {
    if (StepIdSchema.safeParse(id).success) continue
    const right = validId(id, (one) => Object.hasOwn(steps, one) || [...renamed.values()].includes(one))
    renamed.set(id, right)
    repairs.push(repaired('step-id', `${path}.${id}`, `the id ${shown(id)} is written "${right}"`))
  }
  return renamed.size === 0 ? steps : renameSteps(steps, renamed)
}

const MOST_ID = 40

function validId(id: string, isTaken: (id: string) => boolean): string {
  const words = id
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+/, '')
    .slice(0, MOST_ID)
    .replace(/_+$/, '')
  const start = /^[A-Za-z]/.test(words) ? `${words[0]?.toLowerCase()}${words.slice(1)}` : `s${words}`
  for (let count = 1; ; count++) {
    const one = count === 1 ? start : `${start}_${count}`
    if (!isTaken(one) && StepIdSchema.safeParse(one).success) return one
  }
}
