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

/** The workflows that there are, with all of their versions. */
export type Workflows = {
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
}
