import { isOrchestratorError } from '../domain/errors.ts'
import { type Issue, issue } from '../domain/issue.ts'
import { issuesOfZod } from '../domain/issues-of-zod.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { ownOf } from '../domain/own.ts'
import { shown } from '../domain/shown.ts'
import { requireKind } from '../domain/state/combine.ts'
import { expressionsIn, type FoundExpression } from './expressions.ts'
import type { IssueInText } from './issue-places.ts'
import { issuesOfJsonSchema } from './json-schema-issues.ts'
import { everyStep, pathOfPlace } from './places.ts'
import { referencesIn } from './references.ts'
import { isAgentStep, type Workflow } from './schema.ts'
import { schemaOfJson } from './schema-of-json.ts'
import { SETTABLE, type StateDefinition, type StepState } from './state-schema.ts'
import { expressionsOfBody, expressionsOfStep } from './step-needs.ts'

type Stated = Pick<Workflow, 'state' | 'steps' | 'output' | 'evaluate'>

/** Issues of what a workflow says of its shared state, and of the keys that its expressions and steps mention. */
export function issuesOfState({ state, steps, output, evaluate }: Stated): IssueInText[] {
  const definitions = Object.entries(state ?? {}).flatMap(([key, one]) => issuesOfDefinition(key, one))
  const ofSteps = everyStep(steps).flatMap(({ place, step }) => {
    const path = pathOfPlace(steps, place)
    const found = [...expressionsOfStep(step), ...expressionsOfBody(step)]
    return [
      ...found.flatMap((one) => unknownKeys({ ...one, path: `${path}.${one.path}` }, state)),
      ...(isAgentStep(step) && step.state ? issuesOfWritten(step.state, `${path}.state`, state) : []),
    ]
  })
  const ofTask = [...expressionsIn(output, 'output'), ...expressionsIn(evaluate, 'evaluate')]
  return [...definitions, ...ofSteps, ...ofTask.flatMap((one) => unknownKeys(one, state))]
}

/** Issues of a schema, and of an initial value that its key cannot have. */
function issuesOfDefinition(key: string, { schema, conflict, initial }: StateDefinition): Issue[] {
  const path = `state.${key}`
  const ofSchema = schema === undefined ? [] : issuesOfJsonSchema(schema, `${path}.schema`, schemaOfJson)
  if (initial === undefined || ofSchema.length > 0) return ofSchema
  const value = initial as Json
  try {
    requireKind(key, conflict, value)
  } catch (error) {
    if (!isOrchestratorError(error)) throw error
    return [issue('invalid-value', `${path}.initial`, error.message)]
  }
  const read = schema === undefined ? undefined : schemaOfJson(schema as JsonObject)
  const parsed = read?.safeParse(value)
  if (!parsed || parsed.success) return []
  return issuesOfZod(parsed.error, { schema: read, value, path: `${path}.initial` })
}

/** Keys of `$state` that the workflow does not declare. */
function unknownKeys({ path, text, offset }: FoundExpression, state: Workflow['state']): IssueInText[] {
  return [...keysIn(text)]
    .filter((key) => ownOf(state, key) === undefined)
    .map((key) => ({
      ...issue('unknown-state', path, `$state.${key} is not declared: ${undeclared(key, state)}`),
      offset: offset + Math.max(0, text.indexOf(key, text.indexOf('$state'))),
    }))
}

/** An expression that does not parse is reported elsewhere. */
function keysIn(text: string): Iterable<string> {
  try {
    return referencesIn(text).state
  } catch {
    return []
  }
}

const undeclared = (key: string, state: Workflow['state']): string =>
  `say \`state: {${key}: {}}\` in the workflow${suggestNames(key, Object.keys(state ?? {}))}`

/** Issues of the keys that a step writes. */
function issuesOfWritten(written: StepState, path: string, state: Workflow['state']): Issue[] {
  const { set = {}, update = {} } = written
  const keys = [...Object.keys(set), ...Object.keys(update)]
  if (keys.length === 0) {
    return [
      issue(
        'invalid-value',
        path,
        `state is ${shown(written)}, which writes nothing; it has \`set\` or \`update\`, each with values by key`,
      ),
    ]
  }
  const twice = Object.keys(set).filter((key) => Object.hasOwn(update, key))
  return [
    ...twice.map((key) =>
      issue(
        'invalid-value',
        `${path}.update.${key}`,
        `"${key}" is in \`set\` and in \`update\`; leave one of them out`,
      ),
    ),
    ...Object.keys(set).flatMap((key) => issuesOfKey(key, `${path}.set.${key}`, state, true)),
    ...Object.keys(update).flatMap((key) => issuesOfKey(key, `${path}.update.${key}`, state, false)),
  ]
}

function issuesOfKey(key: string, path: string, state: Workflow['state'], isSet: boolean): Issue[] {
  const definition = ownOf(state, key)
  if (definition === undefined)
    return [issue('unknown-state', path, `state "${key}" is not declared: ${undeclared(key, state)}`)]
  const { conflict } = definition
  if (!isSet || SETTABLE.includes(conflict)) return []
  const message = `state "${key}" has \`conflict: ${conflict}\`, under which a value alone is refused or has no meaning: use \`update\` with $current, or declare ${SETTABLE.map((one) => `\`conflict: ${one}\``).join(' or ')}`
  return [issue('invalid-value', path, message)]
}
