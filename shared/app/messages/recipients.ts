import { OrchestratorError } from '../../domain/errors.ts'
import { loopOf, parsePath, pathsAround, placeOf } from '../../domain/instance-path.ts'
import { addressOf } from '../../domain/message.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { isFinalStepStatus, type StepRecord } from '../../domain/step.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { everyStep } from '../../workflow/places.ts'
import type { StepOf } from '../../workflow/schema.ts'
import { maySuspendAt } from '../steps/plan-paths.ts'

type WaitsFor = Extract<StepOf<'wait'>['wait'], { message: unknown }>['message']

/** The steps of a plan that wait for a message, by place. */
export const waitingPlaces = ({ workflow }: Pick<Plan, 'workflow'>): ReadonlyMap<string, WaitsFor> =>
  new Map(
    everyStep(workflow.steps).flatMap(({ place, step }) =>
      'wait' in step && 'message' in step.wait ? [[place, step.wait.message] as const] : [],
    ),
  )

type Planned = Pick<Plan, 'taskId' | 'workflow' | 'bindings' | 'suspending'>

/** The topic that every agent of a task is subscribed to that handles messages (broadcast). */
export const EVERYBODY = 'everybody'

/** The agents of a plan that handle messages, with their topics. */
export const handlingAgents = ({
  bindings,
}: Pick<Plan, 'bindings'>): ReadonlyMap<string, readonly string[]> =>
  new Map(
    Object.values(bindings).flatMap(({ agentId, topics }) => (topics ? [[agentId, topics] as const] : [])),
  )

/** Steps, each with the number of its run at most: another text has the place of a step too, and is the address of nobody. */
const PATH = /^[^.[\]]+(?:\[\d{1,6}\])?(?:\.[^.[\]]+(?:\[\d{1,6}\])?)*$/

/** Whose a message is: its recipients, at least one. Throws NotFoundError with the names that are known (messages/R1). */
export function recipientsOf(plan: Planned, to: string): string[] {
  const { kind, name } = addressOf(to) ?? { kind: 'step', name: to }
  const places = waitingPlaces(plan)
  const agents = handlingAgents(plan)
  if (kind === 'topic') {
    const steps = [...places].flatMap(([place, { topic }]) => (topic === name ? [`step:${place}`] : []))
    const handling = [...agents].flatMap(([id, topics]) =>
      name === EVERYBODY || topics.includes(name) ? [`agent:${id}`] : [],
    )
    const all = [...steps, ...handling]
    if (all.length > 0) return all
    throw unknown(
      plan,
      `topic "${name}"`,
      name,
      new Set([...places.values()].flatMap(({ topic }) => topic ?? []).concat(...agents.values())),
    )
  }
  // An agent that may suspend may wait for an answer.
  if (kind === 'step' && PATH.test(name) && (places.has(placeOf(name)) || maySuspendAt(plan, name)))
    return [`step:${name}`]
  if (kind === 'agent' && agents.has(name)) return [`agent:${name}`]
  const known = kind === 'agent' ? agents.keys() : places.keys()
  throw unknown(plan, kind === 'agent' ? `agent "${name}"` : `"${to}"`, name, new Set(known))
}

function unknown(
  { taskId }: Pick<Plan, 'taskId'>,
  what: string,
  name: string,
  known: ReadonlySet<string>,
): OrchestratorError {
  const names = [...known]
  const hint =
    names.length === 0
      ? '; none of its steps waits for a message, and none of its agents handles any'
      : suggestNames(name, names)
  const message = `in task ${taskId} nobody waits for messages to ${what}${hint}`
  return new OrchestratorError('NotFoundError', message, { taskId, known: names.slice(0, 50) })
}

/**
 * Throws ConflictError where a step waits no more: it has ended, or what is around it has (messages/R2). A step within a loop or a fan-out, named by its place, may
 * wait again until that has ended.
 */
export async function requireWaiting(
  ports: Pick<Ports, 'steps' | 'messages'>,
  taskId: string,
  to: string,
): Promise<void> {
  const { kind, name: path } = addressOf(to) ?? { kind: 'step', name: to }
  if (kind !== 'step') return
  const { scope } = parsePath(path)
  const [outermost = path] = path.split('.')
  const around = scope === '' ? [] : [...pathsAround(path), loopOf(outermost), placeOf(outermost)]
  const records = await ports.steps.findSteps(taskId, [...new Set([path, ...around])])
  const ended = records.find(({ status }) => isFinalStepStatus(status))
  if (!ended) return
  const heard = ended.path === path ? await heardBy(ports, taskId, path) : ''
  const message = `step "${path}" waits for no message any more: ${endOf(ended)}${heard}`
  throw new OrchestratorError('ConflictError', message, { taskId, stepId: path, status: ended.status })
}

const endOf = ({ path, status, endedAt, error }: StepRecord): string =>
  `"${path}" has ended (${status}${error ? `: ${error.name}` : ''}) at ${endedAt ?? 'an unknown time'}`

async function heardBy({ messages }: Pick<Ports, 'messages'>, taskId: string, path: string): Promise<string> {
  const [listener] = (await messages.findListeners(taskId, path)).filter((one) => one.path === path)
  if (listener?.heard?.kind === 'message') return `, with message ${listener.heard.id}`
  return listener?.heard ? `, because none came until ${listener.until}` : ''
}
