import { untilExit } from '../functions/telemetry/until-exit.ts'
import type { VirtualClock } from '../local/stepfunctions/run/clock.ts'
import type { DefinedAgent } from '../shared/agent/index.ts'
import { controlStep } from '../shared/app/control/control-step.ts'
import { paysByCall } from '../shared/app/limits/most-of-call.ts'
import { rebindStep } from '../shared/app/steps/rebind-step.ts'
import { ControlPayloadSchema, RebindPayloadSchema } from '../shared/contracts/step-payload.ts'
import { maySuspend } from '../shared/domain/agent.ts'
import { HOST_MARGIN_SECONDS } from '../shared/domain/host-margin.ts'
import type { Timer } from '../shared/domain/timer.ts'
import type { HostPorts } from '../shared/host/host-ports.ts'
import { runStep } from '../shared/host/run-step.ts'
import { hostSuspending } from '../shared/host/suspending/host-suspending.ts'
import type { Ports } from '../shared/ports/index.ts'
import type { Cast } from './cast.ts'

type OnCall = NonNullable<HostPorts['onCall']>

/**
 * The functions of a deployment, by name: `agent-<id>`, `rebind` and `control`. `onCall` is called with each call of an
 * agent.
 */
export function functionsOf(
  ports: Ports & Pick<HostPorts, 'models' | 'ownSecrets' | 'mask'>,
  { agents, scripted }: Cast,
  clock: VirtualClock,
  onCall: OnCall,
) {
  const timer = virtualTimer(clock)
  const hosts = new Map<string, Host>()
  for (const agent of agents) {
    const { id } = agent.manifest
    hosts.set(
      `agent-${id}`,
      hostOf(scripted.has(id) ? agent : inRealTime(agent, clock), { ...ports, timer, onCall }),
    )
  }
  let requests = 0
  return async (name: string, payload: unknown): Promise<unknown> => {
    const owner = `request-${++requests}`
    if (name === 'rebind') return rebindStep(ports)({ ...RebindPayloadSchema.parse(payload), owner })
    if (name === 'control') return controlStep(ports)({ ...ControlPayloadSchema.parse(payload), owner })
    const host = hosts.get(name)
    if (!host)
      throw Object.assign(new Error(`Function not found: ${name}`), {
        name: 'Lambda.ResourceNotFoundException',
      })
    return host(payload, owner)
  }
}

/** The host of an agent: takes a step's payload and the id of the request, returns the receipt. */
export type Host = (payload: unknown, requestId: string) => Promise<unknown>

const CANCELLED = 'cancelled'

/** Nothing answers there: a test answers by the token. */
const CALLBACK_URL = 'https://orchestrator.test/api/v1'

/** Wraps an agent in the host; timers are the platform's by default. */
export function hostOf(
  agent: DefinedAgent,
  {
    models,
    ...ports
  }: Ports & Pick<HostPorts, 'timer' | 'onCall' | 'models' | 'settings' | 'ownSecrets' | 'mask'>,
): Host {
  const silent = { info() {}, warn() {} }
  // As in the cloud, an agent has no model that it does not say it needs.
  const needed = models && paysByCall(agent.manifest) ? { models } : {}
  const run = runStep({
    ...ports,
    ...(maySuspend(agent.manifest)
      ? { suspending: hostSuspending({ ...ports, callbackUrl: CALLBACK_URL }) }
      : {}),
    ...needed,
    log: silent,
    measure() {},
    untilExit: (work) => untilExit(work, { leaves: false }),
  })
  // The timeout of the agent's function in the cloud.
  const milliseconds = 1_000 * (agent.manifest.limits.timeoutSeconds + HOST_MARGIN_SECONDS)
  return async (payload, id) => run(agent, payload, { id, remainingMs: () => milliseconds })
}

const virtualTimer =
  (clock: VirtualClock): Timer =>
  (milliseconds, act) => {
    const cancelled = new AbortController()
    clock.sleep(milliseconds, cancelled.signal).then(act, () => {})
    // An explicit reason, because creating the default one with its stack costs more than the timer.
    return () => cancelled.abort(CANCELLED)
  }

/**
 * Lets an agent that is not scripted work in real time, while virtual time stands still. Bounded by the agent's
 * timeout, because an agent that never ends would stop virtual time for ever, and with it every timeout.
 */
const inRealTime = (agent: DefinedAgent, clock: VirtualClock): DefinedAgent => ({
  ...agent,
  execute: async (call, context) => {
    const work = (async () => agent.execute(call, context))()
    const left = context.deadline.getTime() - clock.now()
    await clock.hold(() => settledWithin(work, left))
    return work
  },
})

/** Waits until the work has settled, or for at most that time. */
async function settledWithin(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, milliseconds)
  try {
    await Promise.race([work.then(() => {}).catch(() => {}), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
