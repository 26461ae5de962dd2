import type { Agent } from '../domain/agent.ts'
import type { Gate } from '../domain/plan.ts'
import type { Workflow } from '../workflow/schema.ts'

export type RegisteredWorkflow = {
  workflow: Workflow
  /** A machine that never changes, or a published version of one. */
  stateMachineArn: string
  /** How many machines it starts; none where it is not said. */
  parts?: number
  /** As the machine was compiled. */
  gates: Gate[]
  registeredAt: string
  active: boolean
  /** Who brought it: a deployment retires only what deployments brought. */
  origin: 'deployment' | 'api'
  /** Its machine may not be there yet: nobody may start it. */
  pending?: true
  /** Its machine went with the stacks: it cannot be started until it is registered again. A version that a deployment only leaves out keeps its machine. */
  gone?: true
}

/** A state machine that nobody may need any more one day: workflows of one shape share it, or a deployment has left it. */
export type CollectableMachine = {
  name: string
  /** How many machines it starts. */
  parts: number
  /** Day of its last use, UTC: `2026-11-23`. */
  usedOn: string
}

/** The catalogue of agents, workflows and machines to collect. */
export type Registry = {
  putAgent(agent: Agent): Promise<void>
  findAgent(id: string): Promise<Agent | undefined>
  /** Lists may be a second old where it is not said that they must be `fresh`. */
  listAgents(options?: { fresh?: boolean }): Promise<Agent[]>
  /** Stores this version, and makes it the one that its name stands for; with `latest: false` its name stands for what it did. */
  putWorkflow(registered: RegisteredWorkflow, options?: { latest?: boolean }): Promise<void>
  /** Stores a version that nobody has stored before, and lists it when it is active; false when somebody has. */
  publishWorkflow(registered: RegisteredWorkflow): Promise<boolean>
  /** The newest version, or the one asked for. */
  findWorkflow(name: string, version?: number): Promise<RegisteredWorkflow | undefined>
  /** Every version that was ever stored, the oldest first. */
  listVersions(name: string): Promise<RegisteredWorkflow[]>
  /** The newest version of each active workflow. */
  listWorkflows(options?: { fresh?: boolean }): Promise<RegisteredWorkflow[]>
  /** Notes that steps were bound to agents, so that the next choice sees the load. */
  addLoad(steps: ReadonlyMap<string, number>): Promise<void>
  /** Steps bound to each of these agents in the last minutes. */
  loadsOf(agentIds: readonly string[]): Promise<Map<string, number>>
  /** Notes the use of a machine before it is used; false while it is being collected. */
  useMachine(machine: CollectableMachine): Promise<boolean>
  listMachines(): Promise<CollectableMachine[]>
  /** Nobody may use it from here on; false when somebody has since that day. */
  claimMachine(machine: CollectableMachine): Promise<boolean>
  /** Takes the claim back: it may be used again, and was last used on that day. */
  releaseMachine(machine: CollectableMachine): Promise<void>
  forgetMachine(name: string): Promise<void>
}
