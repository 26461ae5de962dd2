import type { AgentContext, Resumed } from '../../agent/index.ts'
import { suspensionIn } from '../../agent/suspend.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Receipt } from '../../domain/step.ts'
import type { Ownership, Plan, Ports } from '../../ports/index.ts'
import type { HostPorts } from '../host-ports.ts'
import type { Call } from '../resolve-call.ts'
import type { StepRun } from '../step-run.ts'
import { type Situation, situationOf, type Waiting } from './situation.ts'
import { recordSuspension, type Suspending, stillSuspended, tellSuspension } from './suspend-step.ts'
import { resumedFrom, suspendingContext } from './suspending-context.ts'
import { tellResumed } from './tell-resumed.ts'

/** What the host of an agent that suspends needs, besides. */
export type SuspendPorts = Pick<Ports, 'suspensions' | 'callbacks' | 'waits'> & {
  /** Where the API answers callbacks, without a slash at its end; undefined where it is not known. */
  callbackUrl?: string | undefined
}

/** The part of the host that only an agent which suspends has in its function. */
export type HostSuspending = {
  situationOf(
    ports: HostPorts,
    call: { own: Ownership; plan: Plan; agentId: string },
  ): Promise<Situation | undefined>
  stillSuspended(
    ports: HostPorts,
    call: { own: Ownership; plan: Plan; at: number },
    waiting: Waiting,
  ): Promise<Receipt>
  resumedFrom(ports: HostPorts, situation: Situation | undefined): Promise<Resumed | undefined>
  /** The outcome of an agent's answer that is a suspension; undefined for every other answer. */
  record(ports: HostPorts, run: StepRun, call: Call, answer: unknown): Promise<Suspending | undefined>
  tell(ports: HostPorts, run: StepRun, outcome: Suspending): Promise<Receipt>
  tellResumed(ports: HostPorts, run: StepRun): Promise<void>
  contextOf(
    ports: Parameters<typeof suspendingContext>[0],
    run: StepRun,
    turn: { signal: AbortSignal; resumed: Resumed | undefined },
  ): Pick<AgentContext, 'suspend' | 'resumed' | 'callback'>
}

export const hostSuspending = (own: SuspendPorts): HostSuspending => ({
  situationOf: (ports, call) => situationOf({ ...ports, ...own }, call),
  async stillSuspended(ports, call, waiting) {
    await ports.messaging?.listen(ports, { own: call.own, suspended: waiting.suspended })
    return stillSuspended({ ...ports, ...own }, call, waiting)
  },
  resumedFrom,
  async record(ports, run, call, answer) {
    const asked = suspensionIn(answer)
    if (asked && 'message' in asked.until && !ports.messaging)
      throw new OrchestratorError(
        'ConfigError',
        `agent ${run.agent.manifest.id} waits for a message, and does not say that it needs messages: declare needs: {messages: true}`,
      )
    return recordSuspension(ports, run, call, answer)
  },
  async tell(ports, run, outcome) {
    const receipt = await tellSuspension({ ...ports, ...own }, run, outcome)
    await ports.messaging?.listen(ports, { own: run.own, suspended: outcome.suspended })
    return receipt
  },
  tellResumed: (ports, run) => tellResumed({ ...ports, ...own }, run),
  contextOf: (ports, run, turn) => suspendingContext({ ...ports, ...own }, run, turn),
})
