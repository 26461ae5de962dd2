import type { AgentContext, AgentMessages, DefinedAgent, Resumed } from '../agent/index.ts'
import { redriveOf } from '../contracts/step-payload.ts'
import { boundedText, textOf } from '../domain/bounded.ts'
import { factsOfAgent } from '../domain/log-facts.ts'
import { attemptNumber } from '../domain/step.ts'
import { agentFiles } from './agent-files.ts'
import { agentSecret } from './agent-secret.ts'
import type { HostPorts } from './host-ports.ts'
import { withoutMessages } from './messaging/without-messages.ts'
import { withoutModels } from './model/without-models.ts'
import { performOnce } from './perform-once.ts'
import { agentState } from './state/agent-state.ts'
import { type AdmittedCall, keptBy, type Limits, type StepRun } from './step-run.ts'
import { withoutSuspending } from './suspending/without-suspending.ts'

/** The ports behind a context. */
export type ContextNeeds = Pick<
  HostPorts,
  | 'steps'
  | 'values'
  | 'files'
  | 'taskFiles'
  | 'fileLimits'
  | 'ledger'
  | 'sharedState'
  | 'turns'
  | 'transcripts'
  | 'keepTranscripts'
  | 'limits'
  | 'prices'
  | 'models'
  | 'ownSecrets'
  | 'mask'
  | 'clock'
  | 'ids'
  | 'timer'
  | 'settings'
  | 'suspending'
  | 'messaging'
  | 'executions'
  | 'tasks'
>

const NO_SETTINGS: AgentContext['settings'] = { allowedHosts: [] }

/** The context that an agent gets for its step. */
export function agentContext(
  ports: ContextNeeds,
  run: StepRun,
  attempt: Limits & AdmittedCall & { resumed?: Resumed | undefined },
  called?: Pick<DefinedAgent['capabilities'][string], 'suspends'>,
): AgentContext {
  const { steps, models, turns, transcripts, mask, suspending, settings = NO_SETTINGS } = ports
  // Before it is cut.
  const masked = (value: unknown): string => mask?.text(textOf(value)) ?? textOf(value)
  const { deadline, signal, spending } = attempt
  const { own, plan, record, log } = run
  return {
    task: { id: own.taskId, type: plan.type, metadata: plan.metadata },
    step: { path: own.path, run: redriveOf(own.fence) },
    attempt: attemptNumber(record.attempts),
    signal,
    deadline,
    log: {
      info: (message, facts = {}) => log.info(boundedText(masked(message)), factsOfAgent(facts)),
      warn: (message, facts = {}) => log.warn(boundedText(masked(message)), factsOfAgent(facts)),
    },
    files: agentFiles(ports, run, { signal }),
    model:
      models && turns && transcripts
        ? models.gate({ ...ports, models, turns, transcripts }, run, attempt)
        : withoutModels(run.agent.manifest),
    state: agentState(ports, run, signal),
    settings,
    secret: agentSecret(ports, run.agent.manifest),
    messages: messagesOf(ports, run, signal),
    once: performOnce(ports, own, signal, keptBy(run)) as AgentContext['once'],
    ...(suspending && run.turn && called?.suspends
      ? suspending.contextOf(ports, run, { signal, resumed: attempt.resumed })
      : withoutSuspending(run.agent.manifest, called)),
    spend: (spent) => spending.add(spent),
    progress: (fraction, note) => steps.setProgress(own, { fraction: shareOf(fraction), note: textOf(note) }),
  }
}

/** In another turn of the step the same words are another message; in another attempt they are the same. */
function messagesOf(
  ports: ContextNeeds,
  { own, plan, agent, record }: StepRun,
  signal: AbortSignal,
): AgentMessages {
  const { messaging } = ports
  if (!messaging) return withoutMessages(agent.manifest)
  const sender = { plan, from: `step:${own.path}`, turn: String(record.suspended?.n ?? 0), signal }
  return messaging.contextOf(ports, sender)
}

/** Clamps a progress to 0..1; NaN and values that are not numbers count as 0. */
const shareOf = (fraction: number): number => Math.min(1, Math.max(0, Number(fraction) || 0))
