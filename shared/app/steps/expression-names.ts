import { enclosingScopes, loopOf, parsePath, roundBefore } from '../../domain/instance-path.ts'
import type { Json } from '../../domain/json.ts'
import { attemptNumber, type StepRecord } from '../../domain/step.ts'
import type { Task } from '../../domain/task.ts'
import type { Plan, Ports, Values } from '../../ports/index.ts'
import { expressionsIn, type Names } from '../../workflow/expressions.ts'
import { referencesIn } from '../../workflow/references.ts'
import { readState } from '../state/read-state.ts'
import { handledAround, itemAround, pathsOfNames, roundAround, type View } from './plan-paths.ts'

type Wanted = View & {
  task: Pick<Task, 'id' | 'type' | 'metadata'>
  plan: Pick<Plan, 'input' | 'taskId' | 'workflow'>
  /** May contain records that are outside the scope. */
  records: readonly StepRecord[]
  /** The template to evaluate: only outputs that it mentions are loaded. */
  template: unknown
  /** The failed record for `$error`, when no step of the scope has it. */
  failed?: StepRecord | undefined
}

/** What the variables of expressions are read from. */
export type ReadingPorts = Pick<Ports, 'sharedState'> & { values: Pick<Values, 'loadValue'> }

/** The longest error message that expressions see, in characters. */
const MOST_MESSAGE = 2_000

/**
 * The variables of expressions: `$input`, `$task`, `$status`, `$errors` and the mentioned members of `$steps`; in a loop also `$iteration`
 * and, from its second round, `$previous` (the outputs of the previous round by step); in a fan-out `$item` and `$index`; in a handler
 * `$error`; `$state`, one moment of the shared state, of which only the mentioned keys are read. In nested loops or fan-outs they refer to the innermost.
 */
export async function namesForExpressions(
  ports: ReadingPorts,
  { task, plan, scope, path, records, template, failed }: Wanted,
): Promise<Names> {
  const { values } = ports
  const wanted = mentionedIn(template)
  const scopes = enclosingScopes(scope)
  const seen = records.filter((record) => isStepIn(record.path, scopes))
  const round = roundAround(plan, scope)
  const roundOfPrevious = round === undefined ? undefined : roundBefore(round)
  const before = wanted.variables.has('previous')
    ? records.filter((record) => isStepIn(record.path, [roundOfPrevious]))
    : []
  const [steps, previous, ofItem, asked, state] = await Promise.all([
    outputsOf(
      values,
      seen.filter((record) => wanted.steps === 'all' || wanted.steps.has(parsePath(record.path).stepId)),
    ),
    outputsOf(values, before),
    namesOfItem(values, itemAround(plan, { scope, path }), records, wanted.variables),
    wanted.variables.has('asked') ? askedIn(values, round, records) : undefined,
    wanted.state && readState(ports, plan, wanted.state === 'all' ? undefined : [...wanted.state]),
  ])
  const error = failed ?? (wanted.variables.has('error') ? firstFailed(plan, path, records) : undefined)
  const { id, type, metadata } = task
  return {
    input: plan.input,
    task: { id, ...(type ? { type } : {}), metadata } as Json,
    status: byStep(seen, ({ status }) => status),
    errors: byStep(seen, errorOf),
    steps,
    ...(round === undefined ? {} : { iteration: parsePath(round).index }),
    ...(before.length > 0 ? { previous } : {}),
    ...ofItem,
    ...(asked === undefined ? {} : { asked }),
    ...(state ? { state: state.values } : {}),
    ...(error ? { error: errorOf(error) } : {}),
  }
}

/**
 * The paths of the records that the variables in `texts` (expressions) need, beside the steps that they mention by id.
 */
export function pathsForNames(
  plan: Pick<Plan, 'taskId' | 'workflow'>,
  view: View,
  texts: readonly { text: string }[],
): string[] {
  return pathsOfNames(plan, view, new Set(texts.flatMap(({ text }) => [...referencesIn(text).variables])))
}

/** `$item` and `$index`, from the items that the fan-out has stored in its record. */
async function namesOfItem(
  values: Pick<Values, 'loadValue'>,
  item: string | undefined,
  records: readonly StepRecord[],
  wanted: ReadonlySet<string>,
): Promise<Names> {
  const { index } = parsePath(item ?? '')
  if (item === undefined || index === undefined) return {}
  const items = wanted.has('item') && records.find((record) => record.path === loopOf(item))?.items
  if (!items) return { index }
  return { item: ((await values.loadValue(items)) as Json[])[index] ?? null, index }
}

/** `$asked` in the rounds of a conversation: what its model is given (converse/D3). */
async function askedIn(
  values: Pick<Values, 'loadValue'>,
  round: string | undefined,
  records: readonly StepRecord[],
): Promise<Json | undefined> {
  const asked = round && records.find(({ path }) => path === loopOf(round))?.asked
  return asked ? values.loadValue(asked) : undefined
}

/** The first failure, if several steps have failed. */
function firstFailed(
  plan: Wanted['plan'],
  path: string | undefined,
  records: readonly StepRecord[],
): StepRecord | undefined {
  if (path === undefined) return undefined
  const handled = handledAround(plan, path)
  const timeOf = ({ endedAt, startedAt }: StepRecord): string => endedAt ?? startedAt
  return records
    .filter((record) => record.status === 'failed' && handled.includes(record.path))
    .sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))[0]
}

/** The failure of a step as expressions see it; `attempts` counts calls of agents, without those of judges. */
function errorOf({ path, status, error, attempts }: StepRecord): Json | undefined {
  if (status !== 'failed') return undefined
  const { name = 'AgentFailedError', message = 'it failed' } = error ?? {}
  const { stepId } = parsePath(path)
  return {
    name,
    message: message.slice(0, MOST_MESSAGE),
    stepId,
    path,
    attempts: attemptNumber(attempts) - 1,
  }
}

function byStep(
  records: readonly StepRecord[],
  valueIn: (record: StepRecord) => Json | undefined,
): Record<string, Json> {
  return Object.fromEntries(
    records.flatMap((record) => {
      const value = valueIn(record)
      return value === undefined ? [] : [[parsePath(record.path).stepId, value]]
    }),
  )
}

/** Items of a fan-out are not visible as steps. */
function isStepIn(path: string, scopes: readonly (string | undefined)[]): boolean {
  const { scope, index } = parsePath(path)
  return index === undefined && scopes.includes(scope)
}

async function outputsOf(
  values: Pick<Values, 'loadValue'>,
  records: readonly StepRecord[],
): Promise<Record<string, Json>> {
  const found = records.flatMap(({ path, output }) =>
    output ? [{ id: parsePath(path).stepId, output }] : [],
  )
  const outputs = await Promise.all(found.map(({ output }) => values.loadValue(output)))
  return Object.fromEntries(found.map(({ id }, at) => [id, outputs[at] ?? null]))
}

/** `state`: the keys of `$state`; undefined where it is not mentioned. */
type Mentioned = {
  steps: Set<string> | 'all'
  state: Set<string> | 'all' | undefined
  variables: Set<string>
}

function mentionedIn(template: unknown): Mentioned {
  const references = expressionsIn(template).map(({ text }) => referencesIn(text))
  const steps = references.some(({ dynamicSteps }) => dynamicSteps)
    ? 'all'
    : new Set(references.flatMap((one) => [...one.steps]))
  const variables = new Set(references.flatMap((one) => [...one.variables]))
  const keys = new Set(references.flatMap((one) => [...one.state]))
  const state = references.some(({ dynamicState }) => dynamicState) ? 'all' : keys
  return { steps, variables, state: variables.has('state') ? state : undefined }
}
