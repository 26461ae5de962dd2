import { OrchestratorError } from '../../domain/errors.ts'
import { loopOf, parsePath, pathsAround, placeOf } from '../../domain/instance-path.ts'
import { addressOf } from '../../domain/message.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { isFinalStepStatus, type StepRecord } from '../../domain/step.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { everyStep } from '../../workflow/places.ts'
import type { StepOf } from '../../workflow/schema.ts'

type WaitsFor = Extract<StepOf<'wait'>['wait'], { message: unknown }>['message']

/** The steps of a plan that wait for a message, by place. */
export const waitingPlaces = ({ workflow }: Pick<Plan, 'workflow'>): ReadonlyMap<string, WaitsFor> =>
  new Map(
    everyStep(workflow.steps).flatMap(({ place, step }) =>
      'wait' in step && 'message' in step.wait ? [[place, step.wait.message] as const] : [],
    ),
  )

/** Whose a message is: its recipients, at least one. Throws NotFoundError with the names that are known (messages/R1). */
export function recipientsOf(plan: Pick<Plan, 'taskId' | 'workflow'>, to: string): string[] {
  const { kind, name } = addressOf(to) ?? { kind: 'step', name: to }
  const places = waitingPlaces(plan)
  if (kind === 'topic') {
    const all = [...places].flatMap(([place, { topic }]) => (topic === name ? [`step:${place}`] : []))
    if (all.length > 0) return all
    throw unknown(
      plan,
      `topic "${name}"`,
      name,
      new Set([...places.values()].flatMap(({ topic }) => topic ?? [])),
    )
  }
  if (kind === 'step' && places.has(placeOf(name))) return [`step:${name}`]
  throw unknown(plan, `"${to}"`, name, new Set(places.keys()))
}

function unknown(
  { taskId }: Pick<Plan, 'taskId'>,
  what: string,
  name: string,
  known: ReadonlySet<string>,
): OrchestratorError {
  const names = [...known]
  const hint = names.length === 0 ? '; none of its steps waits for a message' : suggestNames(name, names)
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
  const path = addressOf(to)?.name ?? to
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
