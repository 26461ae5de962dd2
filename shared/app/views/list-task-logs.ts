import type * as z from 'zod'
import type { ListLogsSchema } from '../../contracts/list-requests.ts'
import type { LogLineView } from '../../contracts/log-views.ts'
import type { Agent } from '../../domain/agent.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { parsePath, placeOf } from '../../domain/instance-path.ts'
import type { Json } from '../../domain/json.ts'
import { factsOfLine, objectInLine } from '../../domain/log-facts.ts'
import { sentBytes } from '../../domain/sent-bytes.ts'
import { isOpenTask, type Task } from '../../domain/task.ts'
import { parseTime } from '../../domain/times.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import type { LogLine, Logs } from '../../ports/logs.ts'
import { everyStep } from '../../workflow/places.ts'
import { isFanOut } from '../../workflow/schema.ts'
import { capabilityOfStep } from '../../workflow/step-needs.ts'
import { hasStepAt } from '../steps/plan-paths.ts'
import { withGivenAgent } from '../tenants/given-names.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { getTask } from './get-task.ts'
import { noSuchStep } from './no-such-step.ts'
import { recordsOfStep } from './steps/records-of-step.ts'

type Asked = z.output<typeof ListLogsSchema>
type Needs = Pick<Ports, 'tasks' | 'plans' | 'steps' | 'agents' | 'clock'> & { logs: Logs }
type Page = { logs: LogLineView[]; cursor?: string; after?: string; unreadable?: string[] }

/** Below the 6 MB of a function's answer. */
const MOST_PAGE_BYTES = 4_000_000
/** Clocks of functions differ, and the last lines are written after the end. */
const SLACK_MILLISECONDS = 60_000
/** Goes before the seconds of a span in a cursor. */
const SPAN = '~'

/**
 * A page of what was logged about a task of the caller's tenant, in order. `after` of the answer names its last line: the next lines come
 * after it, also those that are not written yet.
 */
export const listTaskLogs =
  (all: Needs) =>
  async ({ id, step, since, after, cursor, limit }: Asked, caller: Caller): Promise<Page> => {
    const ports = withinTenant(all, caller.tenant)
    const task = await getTask(ports, id, caller)
    const from = Math.max(Date.parse(task.createdAt) - SLACK_MILLISECONDS, parseTime(since) ?? 0)
    const end = isOpenTask(task) ? ports.clock.now().getTime() : Date.parse(task.endedAt)
    const last = cursor ?? after
    const { lines, more, unreadable, goOn } = await ports.logs.listLines({
      taskId: task.id,
      step,
      functionNames: await functionsOf(ports, task, step),
      from,
      to: end + SLACK_MILLISECONDS,
      ...(last === undefined ? {} : placeIn(last)),
      limit,
    })
    const logs = fitting(lines.map(viewOf).map(withGivenAgent))
    const isCut = logs.length < lines.length
    const [at] = logs.slice(-1)
    const next = at === undefined ? last : `${at.time}#${at.id}`
    return withoutUndefined({
      logs,
      cursor:
        isCut || !goOn
          ? more || isCut
            ? next
            : undefined
          : `${goOn.after.time}#${goOn.after.id}${SPAN}${goOn.spanSeconds}`,
      after: next,
      unreadable: unreadable.length > 0 ? unreadable : undefined,
    })
  }

/** A cursor is where a line stands; with the seconds that are searched from there on, where all took too long. Throws InvalidInputError. */
function placeIn(cursor: string): { after: { time: string; id: string }; spanSeconds?: number } {
  const at = cursor.indexOf('#')
  const [id = '', span] = cursor.slice(at + 1).split(SPAN)
  const after = { time: cursor.slice(0, at), id }
  if (Number.isNaN(Date.parse(after.time)))
    throw new OrchestratorError(
      'InvalidInputError',
      `"${cursor}" is not a cursor; take the one that the last page gave`,
    )
  return span === undefined ? { after } : { after, spanSeconds: Number(span) }
}

/** At least one. */
function fitting(lines: readonly LogLineView[]): LogLineView[] {
  let bytes = 0
  const kept = lines.findIndex((line, index) => {
    bytes += sentBytes(line)
    return bytes > MOST_PAGE_BYTES && index > 0
  })
  return kept === -1 ? [...lines] : lines.slice(0, kept)
}

/**
 * The functions of the agents that the task, or this step with what is in it, is or was bound to; where that are the items of a fan-out, those
 * of all agents that can have been, because so many records are not read for each page. Throws NotFoundError for a step that the task cannot
 * have; an item or a round that has not begun is none.
 */
async function functionsOf(
  { plans, steps, agents }: Needs,
  task: Task,
  step: string | undefined,
): Promise<string[]> {
  const plan = await plans.getPlan(task.id, task.execution)
  const place = step && placeOf(step)
  const bound = Object.entries(plan.bindings).filter(([at]) => isWithin(at, place))
  const ids = bound.map(([, { agentId }]) => agentId)
  const within = everyStep(plan.workflow.steps).filter((one) => isWithin(one.place, place))
  const isOneItem = step !== undefined && parsePath(step).index !== undefined
  if (!isOneItem && within.some((one) => isFanOut(one.step))) {
    const wanted = new Set(within.map((one) => capabilityOfStep(one.step)))
    const all = await agents.listAgents()
    const may = all.filter(({ capabilities }) => capabilities.some(({ name }) => wanted.has(name)))
    return functionNames([...(await findAll(agents, ids)), ...may])
  }
  const records = await (step === undefined
    ? steps.listSteps(task.id, { fields: WORKED })
    : recordsOfStep(steps, task.id, step, WORKED))
  const ran = records.filter(({ path }) => isWithin(path, step))
  if (step !== undefined && ran.length === 0 && !hasStepAt(plan, step)) {
    const known = await steps.listSteps(task.id, { fields: [] })
    throw noSuchStep(task.id, step, [...Object.keys(plan.workflow.steps), ...known.map(({ path }) => path)])
  }
  const worked = ran.flatMap(({ agentId, attempts, evaluation, judging }) => [
    ...[agentId, judging?.agentId, evaluation?.judge?.agentId],
    ...attempts.flatMap((one) => [one.agentId, one.evaluation?.judge?.agentId]),
  ])
  return functionNames(await findAll(agents, [...ids, ...worked]))
}

/** Which agents have worked on a step. */
const WORKED = ['agentId', 'attempts', 'evaluation', 'judging'] as const

async function findAll(agents: Needs['agents'], ids: readonly (string | undefined)[]) {
  const wanted = [...new Set(ids)].filter((id) => id !== undefined)
  return (await Promise.all(wanted.map((id) => agents.findAgent(id)))).filter((one) => one !== undefined)
}

const functionNames = (all: readonly Pick<Agent, 'functionArn'>[]): string[] => [
  ...new Set(all.flatMap(({ functionArn }) => functionArn.split(':').at(6) ?? [])),
]

const isWithin = (path: string, step: string | undefined): boolean =>
  step === undefined || path === step || path.startsWith(`${step}[`) || path.startsWith(`${step}.`)

function viewOf({ id, time, functionName, text }: LogLine): LogLineView {
  const line = objectInLine(text)
  const facts = factsOfLine(line)
  return withoutUndefined({
    id,
    time,
    level: textAt(line, 'level') ?? 'INFO',
    stepId: textAt(line, 'stepId'),
    attempt: typeof line.attempt === 'number' ? line.attempt : undefined,
    agentId: textAt(line, 'agentId'),
    functionName,
    message: textAt(line, 'message') ?? text,
    facts: Object.keys(facts).length > 0 ? facts : undefined,
  })
}

const textAt = (line: Record<string, Json>, name: string): string | undefined => {
  const value = line[name]
  return typeof value === 'string' ? value : undefined
}
