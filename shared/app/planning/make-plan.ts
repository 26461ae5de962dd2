import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Plan } from '../../ports/index.ts'
import type { Chosen } from '../choice/choose-agents.ts'
import type { MachineOfTask } from '../machines/shared-machine.ts'

/** The parts of a plan: its machine, the chosen agents, and the remaining fields. */
type Parts = Omit<Plan, keyof MachineOfTask | keyof Chosen> & { machine: MachineOfTask; chosen: Chosen }

/** The plan of one execution of a task: of a submission, a fork, a child or a retry. */
export function makePlan({ machine, chosen, ...parts }: Parts): Plan {
  const { stateMachineArn, gates, positions, suspending } = machine
  const { bindings, decisions, children } = chosen
  const made = { stateMachineArn, gates, positions, suspending }
  return withoutUndefined({ ...parts, ...made, bindings, decisions, children })
}
