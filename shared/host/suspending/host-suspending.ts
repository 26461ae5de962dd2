import { suspensionIn } from '../../agent/suspend.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { situationOf } from './situation.ts'
import { recordSuspension, stillSuspended, tellSuspension } from './suspend-step.ts'
import { resumedFrom, suspendingContext } from './suspending-context.ts'
import type { HostSuspending, SuspendPorts } from './suspending-part.ts'
import { tellResumed } from './tell-resumed.ts'

export const hostSuspending = (own: SuspendPorts): HostSuspending => ({
  situationOf: (ports, call) => situationOf({ ...ports, ...own }, call),
  async stillSuspended(ports, call, waiting) {
    await ports.messaging?.listen(ports, { own: call.own, suspended: waiting.suspended })
    return stillSuspended({ ...ports, ...own }, call, waiting)
  },
  async resumedFrom(ports, situation) {
    const resumed = await resumedFrom(ports, situation)
    if (situation?.kind === 'resumes' && resumed?.by.kind === 'message')
      await ports.messaging?.noteHeard(resumed.by.message, situation.suspended)
    return resumed
  },
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
