import type { Context } from 'aws-lambda'
import type * as z from 'zod'
import type { DefinedAgent } from '../../../shared/agent/index.ts'
import { decisionOf } from '../../../shared/app/agents/agent-statistics.ts'
import { capabilityAsked } from '../../../shared/app/agents/capability-asked.ts'
import { admit } from '../../../shared/app/limits/admission.ts'
import { stepOf } from '../../../shared/app/steps/plan-paths.ts'
import { resolveStep } from '../../../shared/app/steps/resolve-step.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { stepStartedEvent } from '../../../shared/domain/event.ts'
import { describeIssues } from '../../../shared/domain/issue.ts'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { describeNotJson, notJsonIn } from '../../../shared/domain/not-json.ts'
import { ownOf } from '../../../shared/domain/own.ts'
import { mentionsInherited, parseOwn } from '../../../shared/domain/parse-own.ts'
import type { AgentStep } from '../../../shared/workflow/schema.ts'
import type { Deps } from '../../deps.ts'
import { agentContext } from './agent-context.ts'
import { asAgentFailure } from './agent-failure.ts'
import { outputCache } from './output-cache.ts'
import { makeSpending } from './spending.ts'
import { addParts, partsOf, type StepOutcome, type StepRun } from './step-run.ts'

type Needs = Pick<
  Deps,
  'tasks' | 'files' | 'ids' | 'clock' | 'breakers' | 'limits' | 'budgets' | 'ledger' | 'prices'
>
type AgentRun = Pick<StepRun, 'own' | 'plan' | 'agentId' | 'record' | 'log' | 'deadline' | 'signal'>

/** Resolves what the step is to do, runs the agent on it, and stores what it answered. */
export function runAgent(agent: DefinedAgent, deps: Needs) {
  const { tasks } = deps
  const isPlain = !mentionsInherited(agent.manifest.capabilities)
  return async (_event: unknown, lambda: Context): Promise<StepOutcome> => {
    const run = partsOf(
      lambda,
      'own',
      'plan',
      'agentId',
      'needed',
      'record',
      'notices',
      'log',
      'deadline',
      'signal',
    )
    const { own, plan, needed } = run
    const task = { id: own.taskId, type: plan.type, metadata: plan.metadata }
    const schema = capabilityAsked(agent.manifest, stepOf(plan, own.path))?.inputSchema
    const resolved = await resolveStep(tasks, task, plan, own.path, await needed, schema)
    if (resolved.kind === 'skip') return { status: 'skipped', skipReason: resolved.reason }
    return execute(run, resolved.input, lambda)
  }

  async function execute(run: AgentRun & Pick<StepRun, 'notices'>, input: Json, lambda: Context) {
    const { own, plan, agentId, record, deadline, signal, notices } = run
    const step = stepOf(plan, own.path)
    const capability = capabilityOf(agent, step)
    const parsed = parseWith(capability.input, input, isPlain, (issues) => {
      return new OrchestratorError(
        'InvalidInputError',
        `the input does not fit ${capability.name}: ${issues}`,
      )
    })
    const cache = outputCache(deps, run, step, { agent, capability: capability.name, input })
    const known = await cache?.find()
    if (known) return known
    const decision = decisionOf(plan, own.path, record.decision)
    const { manifest } = agent
    const { fallback } = step
    const admitted = await admit(deps, { own, plan, agentId, manifest, decision, fallback, deadline })
    const spending = makeSpending(manifest.price, deps.prices)
    addParts(lambda, { admitted, spending })
    notices.tell(stepStartedEvent(own.taskId, record))
    const context = agentContext({ ...run, spending }, deps)
    const call = { capability: capability.name, input: parsed }
    const answer = await untilAborted(signal, () => agent.execute(call, context))
    const output = parseWith(capability.output, answer, isPlain, (issues) => {
      const message = `${agent.manifest.id} answered what ${capability.name} does not allow: ${issues}`
      return new OrchestratorError('AgentOutputError', message)
    })
    const stored = await tasks.storeValue(own.taskId, requireJson(output, agent.manifest.id, capability.name))
    await cache?.keep(stored)
    return { status: 'succeeded' as const, output: stored, ...spending.told() }
  }
}

function capabilityOf(agent: DefinedAgent, step: AgentStep) {
  const name = capabilityAsked(agent.manifest, step)?.name
  const capability = name === undefined ? undefined : ownOf(agent.capabilities, name)
  if (name !== undefined && capability) return { name, ...capability }
  const message = `agent ${agent.manifest.id} does not offer ${step.capability}`
  throw new OrchestratorError('AgentFailedError', message)
}

function parseWith(
  schema: z.ZodType,
  value: unknown,
  isPlain: boolean,
  failure: (issues: string) => OrchestratorError,
): unknown {
  const parsed = readSafely(() => (isPlain ? schema.safeParse(value) : parseOwn(schema, value)))
  if (parsed.success) return parsed.data
  throw failure(describeIssues(readSafely(() => issuesOfZod(parsed.error, { schema, value }))))
}

/** Throws AgentOutputError naming what JSON cannot say, and where it stands. */
function requireJson(output: unknown, agentId: string, capability: string): Json {
  const found = readSafely(() => notJsonIn(output))
  if (!found) return output as Json
  const message = `${agentId} answered ${capability} with what is no JSON: ${describeNotJson(found, 'output')}`
  throw new OrchestratorError('AgentOutputError', message)
}

/** What an agent has made may run code of its own when it is read. */
function readSafely<T>(read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    throw asAgentFailure(thrown)
  }
}

/** The agent's answer, or the signal's reason as soon as it aborts: an agent that does not listen cannot hold the host. */
async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work(), aborted.promise])
  } catch (error) {
    throw signal.aborted ? signal.reason : asAgentFailure(error)
  } finally {
    signal.removeEventListener('abort', abort)
    aborted.promise.catch(() => {})
  }
}
