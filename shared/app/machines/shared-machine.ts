import { type Compiled, compileWorkflow } from '../../compiler/index.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { dayOf } from '../../domain/times.ts'
import type { Ports } from '../../ports/index.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { suspendsOf } from '../../workflow/suspends-of.ts'
import { digestOfMachine, ensureMachine } from './ensure-machine.ts'

/** The machine that a task runs on. */
export type MachineOfTask = Pick<Compiled, 'gates' | 'positions'> & {
  stateMachineArn: string
  suspending?: string[] | undefined
}

/** A machine that is created when all else is known to be right. */
export type PlannedMachine = Pick<MachineOfTask, 'suspending'> & { make(): Promise<MachineOfTask> }

/** The machine of a registered workflow, which is there. */
export const madeMachine = (machine: MachineOfTask): PlannedMachine => ({
  suspending: machine.suspending ?? [],
  make: async () => machine,
})

/**
 * The machine that all workflows of one tenant, one shape and one policy share: named after its definition, and created on first use. The workflow is
 * compiled immediately, so that an invalid one is refused before anything is created. Steps that may be bound to an agent which suspends have the states for
 * that.
 */
export async function sharedMachine(
  ports: Pick<Ports, 'machines' | 'ids' | 'collectables' | 'clock' | 'agents'>,
  workflow: Workflow,
  tenant: string,
): Promise<PlannedMachine> {
  const suspends = suspendsOf(await ports.agents.listAgents())
  const compiled = compileWorkflow(workflow, { anonymous: true, suspends })
  const { gates, positions, suspending } = compiled
  const name = `shared-${digestOfMachine(ports, compiled, tenant).slice(0, 24)}`
  const make = async (): Promise<MachineOfTask> => {
    const usedOn = dayOf(ports.clock.now())
    if (!(await ports.collectables.useMachine({ name, parts: compiled.parts.length, usedOn }))) {
      throw new OrchestratorError('UnavailableError', `the state machine ${name} is being renewed; try again`)
    }
    const stateMachineArn = await ensureMachine(ports, name, compiled)
    return { stateMachineArn, gates, positions, suspending }
  }
  return { suspending: suspending ?? [], make }
}
