import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Plan } from '../../ports/index.ts'
import type { MachineOfTask } from '../machines/shared-machine.ts'
import type { Chosen } from './choose-agents.ts'

/** What a plan is put together from, beside the machine that runs it and the agents chosen for it. */
type Parts = Omit<Plan, keyof MachineOfTask | keyof Chosen> & { machine: MachineOfTask; chosen: Chosen }

/** The plan of one execution of a task, as it is stored: of a submission, a fork, a child or a retry. */
export function makePlan({ machine, chosen, ...parts }: Parts): Plan {
  const { stateMachineArn, gates, positions } = machine
  const { bindings, decisions, children } = chosen
  return withoutUndefined({ ...parts, stateMachineArn, gates, positions, bindings, decisions, children })
}
