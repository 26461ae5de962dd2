/**
 * The migration check of shared state.
 *
 * Invariants (tests cite them):
 * unfit/G1 a version of a workflow whose schemas or policies the state of a task that runs does not fit is refused before anything of it is
 *    stored, with the tasks that it does not fit: what their steps have written could not be read by what comes next, a retry with the new
 *    version among it
 * unfit/G2 nothing is read where a version says of its state what the one before says
 */
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { describeIssues } from '../../domain/issue.ts'
import { canonicalJson } from '../../domain/json.ts'
import { ownOf } from '../../domain/own.ts'
import { requireKind } from '../../domain/state/combine.ts'
import type { OpenTask } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import type { Workflow } from '../../workflow/schema.ts'
import type { StateDefinition } from '../../workflow/state-schema.ts'
import { findVersion, valueIn } from '../state/read-state.ts'
import { issuesOfState } from '../state/state-value.ts'

export type UnfitNeeds = Pick<Ports, 'tasks' | 'sharedState' | 'values' | 'clock'>

const PAGE = 100
/** The most open tasks that are looked at, the oldest first: a deployment has a time limit. */
const MOST_LOOKED = 5_000
/** Examples for the message. */
const ENOUGH = 5

/** A version, and the one that serves now. `tenant`: whose tasks they are; undefined for those of all. */
export type Successor = { workflow: Workflow; before: Workflow | undefined; tenant?: string | undefined }

/** Throws ConflictError (unfit/G1). */
export async function refuseUnfitState(ports: UnfitNeeds, successors: readonly Successor[]): Promise<void> {
  const changed = new Map(
    successors.flatMap((one) => {
      const keys = changedKeys(one)
      return keys.length === 0 ? [] : [[one.workflow.name, { ...one, keys }] as const]
    }),
  )
  if (changed.size === 0) return
  const createdBefore = new Date(ports.clock.now().getTime() + 1).toISOString()
  const unfit: string[] = []
  let page: OpenTask[] = []
  for (let looked = 0; looked < MOST_LOOKED && unfit.length < ENOUGH; looked += PAGE) {
    const after = page.at(-1)
    page = await ports.tasks.listOpenTasks({ createdBefore, limit: PAGE, ...(after ? { after } : {}) })
    const found = await Promise.all(
      page.map(async (task) => {
        const successor = changed.get(task.workflow.name)
        if (!successor || (successor.tenant !== undefined && successor.tenant !== task.tenant)) return []
        return unfitIn(ports, task.id, successor.keys)
      }),
    )
    unfit.push(...found.flat())
    if (page.length < PAGE) break
  }
  if (unfit.length === 0) return
  const more = unfit.length > ENOUGH ? '; and more' : ''
  const message = `the shared state of tasks that run does not fit the new version: ${unfit.slice(0, ENOUGH).join('; ')}${more}. Keep the old schema beside the new one (anyOf), give the key another name, or wait until these tasks have ended`
  throw new OrchestratorError('ConflictError', message)
}

type Keyed = [key: string, definition: StateDefinition][]

/** The keys of which it says something else. */
const changedKeys = ({ workflow, before }: Successor): Keyed =>
  Object.entries(workflow.state ?? {}).filter(([key, definition]) => {
    const was = ownOf(before?.state, key)
    const meant = ({ schema, conflict }: StateDefinition): string => canonicalJson({ schema, conflict })
    return was === undefined || meant(was) !== meant(definition)
  })

async function unfitIn(ports: UnfitNeeds, taskId: string, keys: Keyed): Promise<string[]> {
  const { heads } = await ports.sharedState.findBoard(taskId)
  const found = await Promise.all(
    keys.map(async ([key, definition]) => {
      const head = heads.get(key)
      const version =
        head === undefined ? undefined : await findVersion(ports, taskId, { key, version: head })
      const value = version && (await valueIn(ports, version))
      if (value === undefined) return []
      try {
        requireKind(key, definition.conflict, value)
      } catch (error) {
        if (!isOrchestratorError(error)) throw error
        return [`task ${taskId}: ${error.message}`]
      }
      const issues = issuesOfState(key, definition, value)
      return issues.length === 0 ? [] : [`task ${taskId}: state ${describeIssues(issues)}`]
    }),
  )
  return found.flat()
}
