/**
 * Repairs of a draft that need no second call.
 *
 * Invariants (tests cite them):
 * repair-plan/R1 each change is recorded with its place and both values; without a record nothing has changed
 * repair-plan/R2 no repair adds a step, takes one away, or changes what a valid draft says: a draft that is valid stays as it is
 * repair-plan/R3 a repaired draft is repaired: repairing it again changes nothing
 * repair-plan/R4 a guess never leads to a capability that has effects
 */
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { shown } from '../domain/shown.ts'
import { hasExpressions } from '../workflow/expressions.ts'
import { WorkflowNameSchema } from '../workflow/schema.ts'
import type { PlannerCapability, PlannerCatalogue } from './planner-catalogue.ts'
import { type Repair, repaired } from './repair.ts'
import { repairExpressions } from './repair-expressions.ts'
import { repairInput } from './repair-input.ts'
import { repairNeeds } from './repair-needs.ts'
import { repairStructure, type StepsDraft } from './repair-steps.ts'
import { understandName } from './understand-name.ts'

export type Repaired = { workflow: JsonObject; repairs: Repair[] }

/** A draft with its repairs. `inputSchema` is of the input that the task has, which is the one that the workflow takes. */
export function repairPlan(
  given: JsonObject,
  catalogue: PlannerCatalogue,
  inputSchema?: JsonObject,
): Repaired {
  const repairs: Repair[] = []
  const workflow = repairHead(given, inputSchema, repairs)
  const steps = repairGraph(workflow.steps, 'steps', new Set(), catalogue, repairs)
  if (!steps) return { workflow, repairs }
  return { workflow: repairExpressions({ ...workflow, steps }, repairs), repairs }
}

/** Fields of a workflow for which a plan has no use, and a name that the language takes. */
function repairHead(given: JsonObject, inputSchema: JsonObject | undefined, repairs: Repair[]): JsonObject {
  const { name, input: _input, ...others } = given
  const right = WorkflowNameSchema.safeParse(name).success ? String(name) : nameFrom(name)
  if (right !== name)
    repairs.push(repaired('name', 'name', `the name is ${shown(name)}; it is written "${right}"`))
  const own = inputSchema ?? given.input
  if (
    inputSchema !== undefined &&
    given.input !== undefined &&
    JSON.stringify(given.input) !== JSON.stringify(inputSchema)
  )
    repairs.push(repaired('field', 'input', 'the input is that of the task'))
  return { name: right, ...(own === undefined ? {} : { input: own }), ...others }
}

const MOST_NAME = 48

function nameFrom(name: Json | undefined): string {
  const words = typeof name === 'string' ? name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-') : ''
  return (
    words
      .replace(/^[^a-z]+/, '')
      .slice(0, MOST_NAME)
      .replace(/-+$/, '') || 'plan'
  )
}

/** A draft of more steps is refused, however it is repaired; the work of understanding names grows with the square of them. */
const MOST_STEPS = 200

/** Undefined where the steps are no map, or too many, which validation tells. */
function repairGraph(
  given: Json | undefined,
  path: string,
  around: ReadonlySet<string>,
  catalogue: PlannerCatalogue,
  repairs: Repair[],
): StepsDraft | undefined {
  if (Object.keys(given ?? {}).length > MOST_STEPS) return undefined
  const structured = repairStructure(given, path, repairs)
  if (!structured) return undefined
  const inside = new Set([...around, ...Object.keys(structured)])
  const steps = Object.fromEntries(
    Object.entries(structured).map(([id, step]) => {
      const at = `${path}.${id}`
      const own = repairCall(step, at, catalogue, repairs)
      return [id, repairBody(own, at, inside, catalogue, repairs)]
    }),
  )
  return repairNeeds(steps, path, around, repairs)
}

function repairBody(
  step: JsonObject,
  path: string,
  around: ReadonlySet<string>,
  catalogue: PlannerCatalogue,
  repairs: Repair[],
): JsonObject {
  const { repeat } = step
  if (isJsonObject(repeat)) {
    const steps = repairGraph(repeat.steps, `${path}.repeat.steps`, around, catalogue, repairs)
    return steps ? { ...step, repeat: { ...repeat, steps } } : step
  }
  if (!Object.hasOwn(step, 'steps')) return step
  const steps = repairGraph(step.steps, `${path}.steps`, around, catalogue, repairs)
  return steps ? { ...step, steps } : step
}

/** The capability that a step calls, and the input that this takes. */
function repairCall(
  given: JsonObject,
  path: string,
  catalogue: PlannerCatalogue,
  repairs: Repair[],
): JsonObject {
  const step = withCapability(given, path, catalogue, repairs)
  const { capability, input } = step
  const known = typeof capability === 'string' ? catalogue.find(capability) : undefined
  if (!known || input === undefined) return step
  return { ...step, input: repairInput(input, known.inputSchema, `${path}.input`, repairs) }
}

function withCapability(
  step: JsonObject,
  path: string,
  catalogue: PlannerCatalogue,
  repairs: Repair[],
): JsonObject {
  const { capability, agent } = step
  if (
    capability === undefined &&
    typeof agent === 'string' &&
    !catalogue.hasAgent(agent) &&
    catalogue.find(agent)
  ) {
    repairs.push(repaired('field', `${path}.agent`, `"${agent}" is a capability, and no agent`))
    const { agent: _agent, ...others } = step
    return { capability: agent, ...others }
  }
  if (typeof capability !== 'string' || hasExpressions(capability) || catalogue.find(capability)) return step
  const found = understandName(capability, catalogue.capabilities)
  const known: PlannerCapability | undefined = found && catalogue.find(found.name)
  if (!found || (found.guessed && known?.hasEffect)) return step
  const message = `there is no ${shown(capability)}; it is understood as "${found.name}": ${found.why}`
  const told = repaired('capability', `${path}.capability`, message)
  repairs.push(found.guessed ? { ...told, guessed: true } : told)
  return { ...step, capability: found.name }
}
