import { type Compiled, compileWorkflow } from '../../compiler/index.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { dayOf } from '../../domain/times.ts'
import type { Ports } from '../../ports/index.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { digestOfMachine, ensureMachine } from './ensure-machine.ts'

/** The machine that a task runs on. */
export type MachineOfTask = Pick<Compiled, 'gates' | 'positions'> & { stateMachineArn: string }

/**
 * The machine that all workflows of one tenant, one shape and one policy share: named after its definition, and created on first use. The workflow is
 * compiled immediately, so that an invalid one is refused before anything is created.
 */
export function sharedMachine(
  ports: Pick<Ports, 'machines' | 'ids' | 'collectables' | 'clock'>,
  workflow: Workflow,
  tenant: string,
): () => Promise<MachineOfTask> {
  const compiled = compileWorkflow(workflow, { anonymous: true })
  const { gates, positions } = compiled
  const name = `shared-${digestOfMachine(ports, compiled, tenant).slice(0, 24)}`
  return async () => {
    const usedOn = dayOf(ports.clock.now())
    if (!(await ports.collectables.useMachine({ name, parts: compiled.parts.length, usedOn }))) {
      throw new OrchestratorError('UnavailableError', `the state machine ${name} is being renewed; try again`)
    }
    return { stateMachineArn: await ensureMachine(ports, name, compiled), gates, positions }
  }
}
