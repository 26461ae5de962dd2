import type { AgentContext, Callback, Resumed, ResumedBy } from '../../agent/index.ts'
import { suspension } from '../../agent/suspend.ts'
import { callbackId, callbackToken } from '../../domain/callback.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { superseded } from '../../domain/superseded.ts'
import type { WakeCause } from '../../domain/suspension.ts'
import { FIRST_EXECUTION } from '../../domain/task.ts'
import type { HostPorts } from '../host-ports.ts'
import { performOnce } from '../perform-once.ts'
import type { StepRun } from '../step-run.ts'
import type { Situation, SuspendPorts } from './suspending-part.ts'
import { checkedSuspend } from './until.ts'

type Needs = Pick<HostPorts, 'ledger' | 'values' | 'clock' | 'ids' | 'timer'> &
  Partial<Pick<SuspendPorts, 'callbacks' | 'callbackUrl'>>

/** Before the keys of an agent's own effects in the ledger. */
const OWN_KEYS = 'orchestrator:'

/** The part of the context by which an agent suspends, in a step that has the states for it. */
export function suspendingContext(
  ports: Needs,
  run: StepRun,
  { signal, resumed }: { signal: AbortSignal; resumed: Resumed | undefined },
): Pick<AgentContext, 'suspend' | 'resumed' | 'callback'> {
  return {
    resumed,
    suspend: (options) => suspension(checkedSuspend(options)),
    callback: () => callbackOf(ports, run, signal),
  }
}

/** The callback of the next suspension: made once, and kept (callback/C4). */
async function callbackOf(ports: Needs, run: StepRun, signal: AbortSignal): Promise<Callback> {
  const { own, plan, agent, agentId, turn } = run
  const { callbacks, callbackUrl, ids, clock } = ports
  if (!callbacks || callbackUrl === undefined)
    throw new OrchestratorError(
      'ConfigError',
      `agent ${agent.manifest.id} asks for a callback, and its function knows no address of the API: deploy the stage again`,
    )
  const n = turn?.n ?? 1
  const execution = plan.execution ?? FIRST_EXECUTION
  const id = callbackId(ids.digest, { path: own.path, n, agentId })
  const once = performOnce(ports, own, signal, OWN_KEYS)
  const secret = await once(`callback ${execution}/${n} ${agentId}`, async () => {
    const made = ids.makeSecret()
    const { taskId, path } = own
    const createdAt = clock.now().toISOString()
    const named = { id, taskId, tenant: plan.tenant, execution, path, agentId, n, createdAt }
    if (!(await callbacks.putCallback({ ...named, digest: ids.digest(made) }, own.fence)))
      throw superseded(path)
    return made
  })
  const token = callbackToken({ taskId: own.taskId, execution, id }, String(secret))
  return { token, url: `${callbackUrl}/callbacks/${token}` }
}

/** What an agent is told of the turn before. */
export async function resumedFrom(
  { values }: Pick<HostPorts, 'values'>,
  situation: Situation | undefined,
): Promise<Resumed | undefined> {
  if (situation?.kind !== 'resumes') return undefined
  const { suspended, by } = situation
  const [state, cause] = await Promise.all([
    suspended.state ? values.loadValue(suspended.state) : null,
    causeOf(values, by),
  ])
  return { n: suspended.n, state, by: cause, version: suspended.agentVersion }
}

async function causeOf(values: HostPorts['values'], by: WakeCause): Promise<ResumedBy> {
  if ('output' in by) return { kind: 'callback', output: await values.loadValue(by.output) }
  if ('message' in by) return { kind: 'message', message: (await values.loadValue(by.message)) as Json }
  return by
}
