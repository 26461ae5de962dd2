/**
 * A person's rating of the output of a step.
 *
 * Invariants (tests cite them):
 * rating/S1 the latest rating of a step is the quality of its call in the agent's statistics, in place of what was counted when the step ended:
 *    each rating adds its difference to the one before it, which its own write has replaced, so the sum is right in any order of writes
 * rating/S2 a rating says nothing about an agent that has not made the output here: of a step that took it from another, or that went on
 *    without it
 * rating/S3 statistics are best effort, as in the host (host/H5): a rating that was stored is not counted twice, and may not be counted where
 *    its function ends in between
 */
import type { RateStep, RatingView } from '../../contracts/ratings.ts'
import { type Caller, nameToKeep } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { roundedScore } from '../../domain/evaluation.ts'
import type { StepRecord } from '../../domain/step.ts'
import type { Task } from '../../domain/task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { correctionOf, epochsAt } from '../../selector/decayed-counters.ts'
import { decisionOf } from '../agents/agent-statistics.ts'
import { capabilityAsked } from '../agents/capability-asked.ts'
import { calledStep } from '../steps/chosen-capability.ts'
import { hasStepAt } from '../steps/plan-paths.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { getTask } from '../views/get-task.ts'
import { noSuchStep } from '../views/no-such-step.ts'

type Needs = Pick<Ports, 'tasks' | 'plans' | 'steps' | 'agents' | 'statistics' | 'clock'>

/** Throws NotFoundError, and ConflictError for a step that has no output to rate. */
export const rateStep =
  (all: Needs) =>
  async ({ id, stepId, score: given, comment, by: said }: RateStep, caller: Caller): Promise<RatingView> => {
    const ports = withinTenant(all, caller.tenant)
    const score = roundedScore(given)
    const task = await getTask(ports, id, caller)
    const by = nameToKeep(caller, said)
    const rating = withoutUndefined({ score, comment, by, at: ports.clock.now().toISOString() })
    const before = await ports.steps.rateStep(id, stepId, rating)
    if (!before) throw await whyNot(ports, id, stepId)
    await correctStatistics(ports, task, before, score).catch(() => {})
    return { taskId: id, stepId, ...rating }
  }

/** rating/S1 */
async function correctStatistics(ports: Needs, task: Task, before: StepRecord, score: number): Promise<void> {
  const { path, agentId, agentVersion: version, endedAt = '', rating, evaluation, reused, degraded } = before
  const counted = rating?.score ?? evaluation?.score ?? 1
  // rating/S2
  if (agentId === undefined || version === undefined || reused || degraded !== undefined) return
  if (score === counted) return
  const at = Date.parse(endedAt) / 1_000
  const correction = correctionOf({ from: counted, to: score }, at)
  // What is older than two epochs has no weight any more.
  if (!epochsAt(ports.clock.now().getTime() / 1_000).includes(correction.epoch)) return
  const [plan, agent] = await Promise.all([
    ports.plans.getPlan(task.id, task.execution),
    ports.agents.findAgent(agentId),
  ])
  if (!hasStepAt(plan, path)) return
  const step = calledStep(plan, path, before)
  const capability = (agent && capabilityAsked(agent, step)?.name) ?? step.capability
  if (capability === undefined) return
  const { wq = 0n } = correction.counters
  const isCompared = decisionOf(plan, path, before.decision)?.expectedQuality !== undefined
  const counters = isCompared ? { wq, wr: wq } : { wq }
  await ports.statistics.correct({ agentId, version, capability }, { ...correction, counters }, at)
}

async function whyNot({ steps }: Needs, id: string, stepId: string): Promise<OrchestratorError> {
  const [found] = await steps.findSteps(id, [stepId])
  if (!found) {
    const all = await steps.listSteps(id)
    return noSuchStep(
      id,
      stepId,
      all.map(({ path }) => path),
    )
  }
  const message = `step "${stepId}" of task ${id} is ${found.status}: a rating is of the output of a step that has succeeded`
  return new OrchestratorError('ConflictError', message, { stepId, status: found.status })
}
