import type { Resumed } from '../agent/index.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { stepStartedEvent } from '../domain/events-of-step.ts'
import type { Json } from '../domain/json.ts'
import { orAborted } from '../domain/or-aborted.ts'
import { agentContext, type ContextNeeds } from './agent-context.ts'
import { asAgentFailure, asExit } from './agent-failure.ts'
import { checkOutputFiles } from './check-output-files.ts'
import { parseWith, requireJson } from './checked-values.ts'
import { ExitCalled } from './exit-called.ts'
import type { HostPorts } from './host-ports.ts'
import { requireNoSecret } from './masked-ports.ts'
import type { Call } from './resolve-call.ts'
import type { AdmittedCall, Limits, StepRun } from './step-run.ts'

type Needs = ContextNeeds & Pick<HostPorts, 'onCall' | 'withConsole' | 'untilExit'>

/**
 * Runs the agent and returns its output, unchecked. Throws the signal's reason as soon as it aborts, and an
 * OrchestratorError for any value that the agent throws.
 */
export function runAgent(
  ports: Needs,
  run: StepRun,
  { capability, input, parsed }: Call,
  limits: Limits & AdmittedCall & { resumed?: Resumed | undefined },
): Promise<unknown> {
  // A judge begins no attempt of the step, and what is resumed has begun before.
  if (run.role !== 'judge' && run.turn?.kind !== 'resumes')
    run.notices.tell(stepStartedEvent(run.plan, run.record))
  const context = agentContext(ports, run, limits, capability)
  return untilAborted(ports, limits.signal, () => {
    const { attempt, step } = context
    const agentId = run.agent.manifest.id
    ports.onCall?.({ agentId, capability: capability.name, path: step.path, attempt, input })
    const work = (): Promise<unknown> =>
      run.agent.execute({ capability: capability.name, input: parsed }, context)
    const guarded = (): Promise<unknown> => ports.untilExit?.(work) ?? work()
    return ports.withConsole ? ports.withConsole(run.log, guarded) : guarded()
  })
}

/**
 * The answer as the step's output. Throws AgentOutputError where it does not fit the capability, is no JSON, or names a file that is not
 * this task's, or where it has a secret in it (masked/K3).
 */
export async function outputOf(
  ports: Pick<Needs, 'taskFiles' | 'mask'>,
  run: StepRun,
  { capability, input }: Call,
  answer: unknown,
): Promise<Json> {
  const { agent } = run
  const { id } = agent.manifest
  // Before a message quotes what the schema does not allow; and again, for a schema may change what it parses.
  requireNoSecret(ports.mask, answer, 'output')
  const parsed = parseWith(agent, capability.output, answer, (issues) => {
    // A schema says of it only that it is not what was expected.
    requireJson(answer, id, capability.name)
    const message = `${id} answered what ${capability.name} does not allow: ${issues}`
    return new OrchestratorError('AgentOutputError', message)
  })
  const output = requireJson(parsed, id, capability.name)
  requireNoSecret(ports.mask, output, 'output')
  await checkOutputFiles(ports, run, { input, output })
  return output
}

/**
 * The agent's answer, or the signal's reason as soon as it aborts: an agent that ignores the signal cannot block the
 * host.
 */
async function untilAborted<T>(
  { clock, mask }: Pick<Needs, 'clock' | 'mask'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await orAborted(signal, work)
  } catch (error) {
    if (error instanceof ExitCalled) throw asExit(error)
    throw signal.aborted ? signal.reason : asAgentFailure(error, clock.now(), mask)
  }
}
