import { endWait } from '../../app/waits/waiting.ts'
import { stepResumedEvent } from '../../domain/events-of-step.ts'
import type { Ports } from '../../ports/index.ts'
import type { StepRun } from '../step-run.ts'

type Needs = Pick<Ports, 'waits' | 'tasks' | 'steps' | 'clock'>

/** Notes that a step waits no more, while its agent works already. Best effort: a wait that is left goes with its execution. */
export async function tellResumed({ waits, tasks, steps, clock }: Needs, run: StepRun): Promise<void> {
  const { turn, own, plan, record, notices, log } = run
  const isOver = turn?.kind === 'resumes' || (turn?.kind === 'begins' && turn.abandoned !== undefined)
  if (!isOver) return
  const event = record.suspended && stepResumedEvent(plan, own.path, record.suspended)
  if (event) notices.tell(event)
  await endWait({ ports: { waits, tasks, steps, clock }, plan, own }).catch((reason: unknown) =>
    log.warn('end of a wait not noted', { reason: String(reason) }),
  )
}
