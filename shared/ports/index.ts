import type { PriceTable } from '../domain/price-table.ts'
import type { Agents } from './agents.ts'
import type { Anchors } from './anchors.ts'
import type { Audit } from './audit.ts'
import type { AuditWriter } from './audit-writer.ts'
import type { BlobStore } from './blob-store.ts'
import type { Breakers } from './breakers.ts'
import type { Budgets } from './budgets.ts'
import type { Callbacks } from './callbacks.ts'
import type { Clock } from './clock.ts'
import type { Collectables } from './collectables.ts'
import type { Deletions } from './deletions.ts'
import type { EventBus } from './event-bus.ts'
import type { Executions } from './executions.ts'
import type { FileStore } from './file-store.ts'
import type { Gates } from './gates.ts'
import type { Ids } from './ids.ts'
import type { Keys } from './keys.ts'
import type { Ledger } from './ledger.ts'
import type { Limits } from './limits.ts'
import type { Links } from './links.ts'
import type { Loads } from './loads.ts'
import type { Machines } from './machines.ts'
import type { Bell, Handlers, Messages } from './messages.ts'
import type { ModelUsage } from './model-usage.ts'
import type { Money } from './money.ts'
import type { Outputs } from './outputs.ts'
import type { Plans } from './plans.ts'
import type { Queue } from './queue.ts'
import type { Quotas } from './quotas.ts'
import type { Retention } from './retention.ts'
import type { SharedState } from './shared-state.ts'
import type { Statistics } from './statistics.ts'
import type { Steps } from './steps.ts'
import type { Suspensions } from './suspensions.ts'
import type { TaskFiles } from './task-files.ts'
import type { Tasks } from './tasks.ts'
import type { Tenants } from './tenants.ts'
import type { Transcripts } from './transcripts.ts'
import type { Turns } from './turns.ts'
import type { Values } from './values.ts'
import type { Waits } from './waits.ts'
import type { Workflows } from './workflows.ts'

/** Everything the core needs from outside. A use case takes only the ports it uses. */
export type Ports = {
  tasks: Tasks
  plans: Plans
  steps: Steps
  gates: Gates
  suspensions: Suspensions
  callbacks: Callbacks
  outputs: Outputs
  values: Values
  waits: Waits
  messages: Messages
  bell: Bell
  handlers: Handlers
  deletions: Deletions
  tenants: Tenants
  retention: Retention
  agents: Agents
  workflows: Workflows
  loads: Loads
  collectables: Collectables
  keys: Keys
  statistics: Statistics
  breakers: Breakers
  limits: Limits
  links: Links
  queue: Queue
  budgets: Budgets
  quotas: Quotas
  money: Money
  ledger: Ledger
  sharedState: SharedState
  turns: Turns
  transcripts: Transcripts
  files: FileStore
  taskFiles: TaskFiles
  bus: EventBus
  executions: Executions
  machines: Machines
  modelUsage: ModelUsage
  audit: Audit
  auditWriter: AuditWriter
  /** Only in a stage that has some. */
  anchors?: Anchors | undefined
  clock: Clock
  ids: Ids
  /** Prices of AWS and of language models. */
  prices: PriceTable
}

export type { ListOptions } from './agents.ts'
export type { Audit } from './audit.ts'
export type { KeptBreaker } from './breakers.ts'
export type { KeptBudget, Reservation, Share } from './budgets.ts'
export type { CollectableMachine } from './collectables.ts'
export type { Deletions } from './deletions.ts'
export type { ExecutionInput, ExecutionState } from './executions.ts'
export type { StoredFile } from './file-store.ts'
export type { Claim } from './ledger.ts'
export type { Slot } from './limits.ts'
export type { HandlerAnswer, HandlerCall, Heard, Listener, MessagePlace } from './messages.ts'
export type { KeptMoney } from './money.ts'
export type { AsksAnew, Plan } from './plans.ts'
export type { QueueEntry } from './queue.ts'
export type { SharedState } from './shared-state.ts'
export type { AdoptedStep, Begun, Ownership, Rebound, StepEnd, TakeOver } from './steps.ts'
export type { TaskFilter } from './tasks.ts'
export type { Wait } from './waits.ts'
export type { RegisteredWorkflow } from './workflows.ts'
export type {
  Agents,
  Bell,
  BlobStore,
  Breakers,
  Budgets,
  Callbacks,
  Clock,
  Collectables,
  EventBus,
  Executions,
  FileStore,
  Gates,
  Handlers,
  Ids,
  Keys,
  Ledger,
  Limits,
  Links,
  Loads,
  Machines,
  Messages,
  Money,
  Outputs,
  Plans,
  Queue,
  Quotas,
  Statistics,
  Steps,
  Suspensions,
  TaskFiles,
  Tasks,
  Tenants,
  Transcripts,
  Turns,
  Values,
  Waits,
  Workflows,
}
