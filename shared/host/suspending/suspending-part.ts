import type { AgentContext, Resumed } from '../../agent/index.ts'
import type { Receipt } from '../../domain/step.ts'
import type { Suspended, WakeCause } from '../../domain/suspension.ts'
import type { Ownership, Plan, Ports } from '../../ports/index.ts'
import type { HostPorts } from '../host-ports.ts'
import type { Call } from '../resolve-call.ts'
import type { StepRun } from '../step-run.ts'

/**
 * What a call of a step that may suspend is: one that goes on after a suspension, because of `by`; one that finds it waiting still; or one that begins,
 * whose next suspension has the number `n`.
 */
export type Situation =
  | { kind: 'begins'; n: number; abandoned?: Suspended }
  | Waiting
  | { kind: 'resumes'; n: number; suspended: Suspended; by: WakeCause }

export type Waiting = { kind: 'waits'; suspended: Suspended; heardAt: string }

/** The outcome of a turn that ends with a suspension. */
export type Suspending = { status: 'suspended'; suspended: Suspended }

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
    ports: Pick<HostPorts, 'ledger' | 'values' | 'clock' | 'ids' | 'timer'>,
    run: StepRun,
    turn: { signal: AbortSignal; resumed: Resumed | undefined },
  ): Pick<AgentContext, 'suspend' | 'resumed' | 'callback'>
}
