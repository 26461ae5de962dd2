import type { Gate } from '../domain/plan.ts'
import type { Workflow } from '../workflow/schema.ts'
import type { ListOptions } from './agents.ts'

export type RegisteredWorkflow = {
  workflow: Workflow
  /** The tenant that has published it; absent of `default`, and of what a deployment has brought. */
  tenant?: string
  /** A machine that never changes, or a published version of one. */
  stateMachineArn: string
  /** How many machines its executions start as parts; none when absent. */
  parts?: number
  /** The gates of the compiled machine. */
  gates: Gate[]
  /** Places of the steps that have the states of a suspension; none when absent. */
  suspending?: string[] | undefined
  registeredAt: string
  active: boolean
  /** A deployment retires only workflows that deployments have registered. */
  origin: 'deployment' | 'api'
  /** Its machine may not exist yet, so it cannot be started. */
  pending?: true
  /**
   * Its machine was deleted with the stacks, so it must be registered again. A version that a deployment only leaves out keeps its machine.
   */
  gone?: true
}

/** The registered workflows, with all versions, by qualified names (`acme/report`). What a tenant sees of them: `withinTenant`. */
export type Workflows = {
  /**
   * Stores this version and makes it the latest, unless `latest` is false. A version published at run time never replaces one that a
   * deployment serves: then nothing is written, and the answer is false.
   */
  putWorkflow(registered: RegisteredWorkflow, options?: { latest?: boolean }): Promise<boolean>
  /** Stores a new version by a conditional write, and lists it when it is active; false when the version exists already. */
  publishWorkflow(registered: RegisteredWorkflow): Promise<boolean>
  /** The newest version, or the one asked for. */
  findWorkflow(name: string, version?: number): Promise<RegisteredWorkflow | undefined>
  /** Every version that was ever stored, the oldest first. */
  listVersions(name: string): Promise<RegisteredWorkflow[]>
  /** The newest version of each active workflow. */
  listWorkflows(options?: ListOptions): Promise<RegisteredWorkflow[]>
}
