import type * as z from 'zod'
import type { ListTranscriptSchema } from '../../contracts/list-requests.ts'
import type { TranscriptView } from '../../contracts/transcript-views.ts'
import type { Caller } from '../../domain/caller.ts'
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { StoredValue } from '../../domain/step.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { hasStepAt } from '../steps/plan-paths.ts'
import { withGivenAgent } from '../tenants/given-names.ts'
import { getTask } from './get-task.ts'

type Needs = Pick<Ports, 'tasks' | 'plans' | 'transcripts' | 'values'>

/** A page of the calls of language models of a step, over all its attempts. Throws NotFoundError, also for a task of another tenant. */
export const listTranscript =
  (ports: Needs) =>
  async (
    { id, stepId, limit, cursor }: z.output<typeof ListTranscriptSchema>,
    caller: Caller,
  ): Promise<TranscriptView> => {
    const task = await getTask(ports, id, caller)
    if (!hasStepAt(await ports.plans.getPlan(task.id, task.execution), stepId))
      throw new OrchestratorError('NotFoundError', `task ${id} has no step "${stepId}"`, { stepId })
    const page = withoutUndefined({ limit, cursor })
    const found = await ports.transcripts.listEntries({ taskId: task.id, path: stepId }, page)
    const calls = await Promise.all(
      found.entries.map(async ({ request, answer, ...entry }) =>
        withoutUndefined({
          ...withGivenAgent(entry),
          request: await unlessGone(ports, request),
          answer: answer && (await unlessGone(ports, answer)),
        }),
      ),
    )
    return withoutUndefined({ taskId: task.id, stepId, calls, cursor: found.cursor })
  }

/** Null for a value whose object is gone. */
const unlessGone = ({ values }: Needs, stored: StoredValue): Promise<Json> =>
  values.loadValue(stored).catch((error: unknown) => {
    if (isOrchestratorError(error, 'NotFoundError')) return null
    throw error
  })
