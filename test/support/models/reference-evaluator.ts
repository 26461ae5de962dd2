import { isOrchestratorError } from '../../../shared/domain/errors.ts'
import { numberedPath, pathIn } from '../../../shared/domain/instance-path.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { type Loop, loopOfConversation } from '../../../shared/workflow/conversation.ts'
import { resolveExpressions } from '../../../shared/workflow/expressions.ts'
import { topologicalOrder } from '../../../shared/workflow/graph.ts'
import {
  type AgentStep,
  isAgentStep,
  isFanOut,
  type Step,
  type StepOf,
  type Steps,
  type Workflow,
} from '../../../shared/workflow/schema.ts'
import { capabilitiesOf, capabilityComputedBy } from '../../../shared/workflow/step-capability.ts'
import { byKind } from '../../../shared/workflow/step-kinds.ts'
import {
  graphOfWorkflow,
  handledBy,
  needsOfStep,
  resultStepsOf,
} from '../../../shared/workflow/step-needs.ts'
import type { Behaviour } from '../cloud/workflow-world.ts'

/** `fatal`: the failure ends the enclosing scope. `by`: the agents of the failed attempts. */
export type Expected = { status: 'succeeded' | 'failed' | 'skipped' | 'fatal'; output?: Json; by: string[] }
/** Every step that may run, by path; a step in `uncertain` may have been stopped before its end, or never begun. */
export type Evaluated = { steps: Map<string, Expected>; uncertain: Set<string>; result: Json | undefined }

type Names = Record<string, Json | undefined>
type Round = {
  scope: string
  names: Names
  outputs: Record<string, Json>
  statuses: Record<string, string>
  errors: Record<string, Json>
}

/** After which errors each word of `retry.on` has the same agent called again. */
const RETRIED: Record<AgentStep['retry']['on'][number], string[]> = {
  transient: ['AgentRetryableError', 'Lambda.Unknown'],
  error: ['AgentRetryableError', 'Lambda.Unknown', 'AgentFailedError'],
  timeout: ['StepTimedOutError'],
}

/** The reference semantics of a workflow: steps one after another, without state machine, store, or retries of calls. */
export async function evaluateWorkflow(
  workflow: Workflow,
  input: Json,
  world: Behaviour,
): Promise<Evaluated> {
  const steps = new Map<string, Expected>()
  const uncertain = new Set<string>()
  const first: Round = { scope: '', names: { input }, outputs: {}, statuses: {}, errors: {} }
  const top = await runSteps(workflow.steps, first)
  if (top.isFatal) for (const path of steps.keys()) uncertain.add(path)
  const template = workflow.output ?? sinksOf(workflow.steps)
  return {
    steps,
    uncertain,
    result: top.isFatal ? undefined : await resolveExpressions(template, namesIn(top)),
  }

  async function runSteps(graph: Steps, outer: Round): Promise<Round & { isFatal: boolean }> {
    const { outputs, statuses, errors } = structuredClone(outer)
    const round = { ...outer, outputs, statuses, errors, isFatal: false }
    const unreached = new Set<string>()
    for (const id of topologicalOrder(graphOfWorkflow({ steps: graph }))) {
      const step = graph[id] as Step
      const handled = handledBy({ steps: graph }, id)
      const needs = [...needsOfStep(step)].filter((need) => need in graph)
      if ([...needs, ...handled].some((need) => unreached.has(need))) unreached.add(id)
      else {
        const path = pathIn(round.scope, id)
        const ended = await runStep(
          step,
          path,
          round,
          needs.filter((need) => !handled.includes(need)),
          handled,
        )
        steps.set(path, ended)
        if (ended.status === 'fatal') {
          unreached.add(id)
          round.isFatal = true
        } else round.statuses[id] = ended.status
        if (ended.output !== undefined) round.outputs[id] = ended.output
        if (ended.status === 'failed') round.errors[id] = { stepId: id, path }
      }
    }
    return round
  }

  async function runStep(
    step: Step,
    path: string,
    round: Round,
    needs: string[],
    handled: string[],
  ): Promise<Expected> {
    const hasFailed = (id: string): boolean => round.statuses[id] === 'failed'
    const hasSucceeded = (id: string): boolean => round.statuses[id] === 'succeeded'
    const isJoined =
      step.join === 'settled' ||
      needs.length === 0 ||
      (step.join === 'any' ? needs.some(hasSucceeded) : needs.every(hasSucceeded))
    const names = namesIn(withError(round, handled))
    if ((handled.length > 0 && !handled.some(hasFailed)) || !isJoined) return { status: 'skipped', by: [] }
    try {
      const isWanted = step.when === undefined || (await resolveExpressions(step.when, names)) === true
      if (!isWanted) return { status: 'skipped', by: [] }
      const ended = await runKind(step, path, withError(round, handled))
      return ended.status === 'failed' ? settle(step, ended, names) : ended
    } catch (error) {
      requireInvalidInput(error)
      const isByAgent = isAgentStep(step) && !isFanOut(step)
      return settle(step, isByAgent ? refused(world) : { status: 'failed', by: [] }, names)
    }
  }

  async function settle(step: Step, failed: Expected, names: Names): Promise<Expected> {
    const { onFailure } = step
    if (onFailure === 'fail') return { ...failed, status: 'fatal' }
    if (typeof onFailure === 'string' || !('output' in onFailure)) return failed
    return {
      ...failed,
      status: 'succeeded',
      output: (await resolveExpressions(onFailure.output, names)) ?? null,
    }
  }

  async function runKind(step: Step, path: string, round: Round): Promise<Expected> {
    const names = namesIn(round)
    const succeeds = async (): Promise<Expected> => ({ status: 'succeeded', by: [] })
    return byKind<Promise<Expected>>(step, {
      agent: (one) => (isFanOut(one) ? runItems(one, path, names) : runAgents(one, path, names)),
      repeat: ({ repeat }) => runLoop(repeat, path, round),
      converse: async (one) =>
        runLoop(loopOfConversation(one), path, {
          ...round,
          names: { ...round.names, asked: await resolveExpressions(askedOf(one), namesIn(round)) },
        }),
      steps: (each) => runEach(each, path, round),
      async approval({ approval }) {
        const decision = world.approvalOf(path)?.decision ?? approval.onTimeout
        return decision === undefined
          ? { status: 'failed', by: [] }
          : { status: 'succeeded', output: { decision }, by: [] }
      },
      wait: succeeds,
      workflow: succeeds,
      send: succeeds,
      async emit({ emit }) {
        return { status: 'succeeded', output: (await resolveExpressions(emit.data, names)) ?? null, by: [] }
      },
    })
  }

  async function runItems(step: AgentStep, path: string, names: Names): Promise<Expected> {
    const items = (await resolveExpressions(step.forEach, names)) as Json[]
    const single: AgentStep = { ...step, input: step.input ?? '{% $item %}' }
    const ended: Expected[] = []
    for (const [index, item] of items.entries()) {
      const ofItem = { ...names, item, index }
      ended.push(await runAgents(single, numberedPath(path, index), ofItem).catch(refusedItem))
      steps.set(numberedPath(path, index), ended[index] as Expected)
    }
    return gathered(step, ended)
  }

  async function runEach(step: StepOf<'steps'>, path: string, outer: Round): Promise<Expected> {
    const items = (await resolveExpressions(step.forEach, namesIn(outer))) as Json[]
    const ended: Expected[] = []
    for (const [index, item] of items.entries()) {
      const scope = numberedPath(path, index)
      const names = { ...outer.names, item, index }
      const body = await runSteps(step.steps, { ...outer, scope, names })
      // Steps concurrent with the failed one are stopped.
      if (body.isFatal) for (const inside of steps.keys()) if (inside.startsWith(scope)) uncertain.add(inside)
      const own: Expected = body.isFatal ? { status: 'failed', by: [] } : await outputOf(step, body)
      steps.set(scope, own)
      ended.push(own)
    }
    return gathered(step, ended)
  }

  async function outputOf({ steps: inside, output }: StepOf<'steps'>, body: Round): Promise<Expected> {
    try {
      const value = (await resolveExpressions(output ?? sinksOf(inside), namesIn(body))) ?? null
      return { status: 'succeeded', output: value, by: [] }
    } catch (error) {
      requireInvalidInput(error)
      return { status: 'failed', by: [] }
    }
  }

  function refusedItem(error: unknown): Expected {
    requireInvalidInput(error)
    return refused(world)
  }

  async function runLoop(repeat: Loop, path: string, outer: Round): Promise<Expected> {
    let previous: Record<string, Json> | undefined
    for (let iteration = 1; iteration <= repeat.maxIterations; iteration++) {
      const names = { ...outer.names, iteration, previous }
      const round = await runSteps(repeat.steps, { ...outer, scope: numberedPath(path, iteration), names })
      if (round.isFatal) {
        // Concurrent steps are stopped.
        for (const inside of steps.keys()) if (inside.startsWith(round.scope)) uncertain.add(inside)
        return { status: 'failed', by: [] }
      }
      if ((await resolveExpressions(repeat.until, namesIn(round))) === true) {
        const template = repeat.output ?? sinksOf(repeat.steps)
        return {
          status: 'succeeded',
          output: (await resolveExpressions(template, namesIn(round))) ?? null,
          by: [],
        }
      }
      previous = Object.fromEntries(Object.entries(round.outputs).filter(([id]) => id in repeat.steps))
    }
    return { status: 'failed', by: [] }
  }

  /** Tries the agents in order, each until it answers, fails for good, or has no attempts left. */
  async function runAgents(step: AgentStep, path: string, names: Names): Promise<Expected> {
    const computed = capabilityComputedBy(step)
    const called = computed && (await resolveExpressions(computed, names))
    if (computed && !capabilitiesOf(step).includes(String(called))) return { status: 'failed', by: [] }
    const template = step.input === undefined ? names.input : step.input
    const input = (await resolveExpressions(template, names)) ?? null
    const attempts: { agentId: string; error: string }[] = []
    const by = (): string[] => attempts.map(({ agentId, error }) => `${agentId} ${error}`)
    const of = (agentId: string) => attempts.filter((attempt) => attempt.agentId === agentId)
    const others = step.fallback ?? world.agents
    for (let agentId: string | undefined = world.agents[0]; agentId !== undefined; ) {
      const id: string = agentId
      for (let call = 1; call <= step.retry.maxAttempts; call++) {
        const run = world.runOf({ path, agentId: id, nth: of(id).length + 1, input })
        if ('output' in run) return { status: 'succeeded', output: run.output, by: by() }
        attempts.push({ agentId: id, error: run.error })
        if (!step.retry.on.some((kind) => RETRIED[kind].includes(run.error))) break
      }
      if (attempts.at(-1)?.error === 'InvalidInputError') break
      agentId = others.find((one) => of(one).length === 0)
    }
    return { status: 'failed', by: by() }
  }
}

/** The results of the items in order. */
function gathered({ tolerate = 0 }: { tolerate?: number | string | undefined }, ended: Expected[]): Expected {
  const failures = ended.filter(({ status }) => status === 'failed').length
  const most =
    typeof tolerate === 'number' ? tolerate : Math.floor((Number.parseInt(tolerate, 10) * ended.length) / 100)
  if (failures > most) return { status: 'failed', by: [] }
  return { status: 'succeeded', output: ended.map(({ output = null }) => output), by: [] }
}

const askedOf = ({ converse: { system, input } }: StepOf<'converse'>) => ({ system, input })

/** In a handler and its nested steps, `$error` is the failure that it handles. */
function withError(round: Round, handled: readonly string[]): Round {
  const failed = handled.find((id) => id in round.errors)
  return failed === undefined ? round : { ...round, names: { ...round.names, error: round.errors[failed] } }
}

/** The result for an expression that fails: no other agent is tried. */
const refused = ({ agents }: Behaviour): Expected => ({
  status: 'failed',
  by: [`${agents[0]} InvalidInputError`],
})

function requireInvalidInput(error: unknown): void {
  if (!isOrchestratorError(error, 'InvalidInputError')) throw error
}

const namesIn = ({ names, outputs, statuses, errors }: Round): Names => ({
  ...names,
  errors,
  steps: outputs,
  status: statuses,
})

const sinksOf = (steps: Steps): Json =>
  Object.fromEntries(resultStepsOf({ steps }).map((id) => [id, `{% $steps.${id} %}`]))
