import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ErrorName, OrchestratorError } from '../../shared/domain/errors.ts'
import { TURN_CAPABILITY } from '../../shared/workflow/conversation.ts'
import { WorkflowSchema } from '../../shared/workflow/schema.ts'
import { type Script, testWorkflow, type WorkflowRun } from '../../testing/index.ts'
import { type Behaviour, CAPABILITY } from '../support/cloud/workflow-world.ts'
import { agree, neverRunning } from '../support/models/agree.ts'
import { evaluateWorkflow } from '../support/models/reference-evaluator.ts'
import { behaviours, workflows } from '../support/random/random-workflows.ts'

const RUNS = Number(process.env.ORCHESTRATOR_KIT_WORKFLOWS ?? 20)
const INPUT = { list: [3, 1, 2] }
/** shared/selector/breaker.ts opens a breaker after so many failures in a row. */
const FAILURES_TO_OPEN = 5

describe('testWorkflow', () => {
  it(`means what the reference evaluator says: ${RUNS} random workflows`, {
    timeout: 2_000 * RUNS,
  }, async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(workflows, behaviours.map(withoutCrashes), async (source, behaviour) => {
        if (neverRunning(source).length > 0) return
        const expected = await evaluateWorkflow(WorkflowSchema.parse(source), INPUT, behaviour)
        const run = await testWorkflow(source, {
          input: INPUT,
          // Its random expressions name members that do not exist.
          lenient: true,
          agents: Object.fromEntries(behaviour.agents.map((id, at) => [id, scriptOf(behaviour, id, at)])),
          approvals: (path) => approvalOf(behaviour, path),
          // The cheapest agent first, then the next: the order in which the reference evaluator tries them.
          prefer: { quality: 0, cost: 1, latency: 0 },
        })
        if (mayHaveBroken(run)) return
        compared++
        agree(expected, ranOf(run))
      }),
      { numRuns: RUNS, seed: 20_261_128, endOnFailure: true },
    )
    expect(compared).toBeGreaterThan(RUNS / 3)
  })
})

function scriptOf({ runOf }: Behaviour, agentId: string, at: number): Script {
  return {
    capabilities: [CAPABILITY, TURN_CAPABILITY],
    price: { perCallUsd: at },
    seconds: ({ path, nth }) => runOf({ path, agentId, nth, input: null }).milliseconds / 1_000,
    output(input, { path, nth }) {
      const run = runOf({ path, agentId, nth, input })
      if ('output' in run) return run.output
      const { error, retryAfterSeconds } = run
      throw new OrchestratorError(error as ErrorName, `made up for ${path}`, { retryAfterSeconds })
    },
  }
}

/** A script ends in an error at worst: a process that dies has none. */
function withoutCrashes(behaviour: Behaviour): Behaviour {
  const runOf: Behaviour['runOf'] = (call) => {
    const run = behaviour.runOf(call)
    return 'error' in run && run.error === 'Lambda.Unknown' ? { ...run, error: 'AgentFailedError' } : run
  }
  return { ...behaviour, runOf }
}

/** Whether an agent has failed so often that its circuit breaker may have opened: the evaluator has no breakers. */
function mayHaveBroken({ steps }: WorkflowRun): boolean {
  const failed = Object.values(steps).flatMap(({ attempts }) => attempts.map(({ agentId }) => agentId))
  return [...Map.groupBy(failed, (id) => id).values()].some(({ length }) => length >= FAILURES_TO_OPEN)
}

function approvalOf(behaviour: Behaviour, path: string) {
  const answer = behaviour.approvalOf(path)
  return answer && { decision: answer.decision, afterSeconds: answer.milliseconds / 1_000 }
}

function ranOf(run: WorkflowRun) {
  const { status, steps } = run
  // Reading the result of a failed run throws its error.
  const result = status === 'succeeded' ? run.result : undefined
  return {
    task: { status },
    steps: new Map(Object.entries(steps)),
    ...(result === undefined ? {} : { result }),
  }
}
