/**
 * The ports that call AWS, each with what its adapter asks for. Data that imports only the adapters' grants, so that a
 * synthesis does not load any SDK.
 */

import { anchorsGrants } from './adapters/anchors/anchors.grants.ts'
import { logsGrants } from './adapters/cloudwatch/logs.grants.ts'
import { auditGrants } from './adapters/dynamodb/audit/audit.grants.ts'
import { budgetsGrants } from './adapters/dynamodb/budgets/budgets.grants.ts'
import { moneyGrants } from './adapters/dynamodb/budgets/money.grants.ts'
import { transcriptsGrants } from './adapters/dynamodb/conversations/transcripts.grants.ts'
import { turnsGrants } from './adapters/dynamodb/conversations/turns.grants.ts'
import { breakersGrants } from './adapters/dynamodb/counters/breakers.grants.ts'
import { limitsGrants } from './adapters/dynamodb/counters/limits.grants.ts'
import { quotasGrants } from './adapters/dynamodb/counters/quotas.grants.ts'
import { statisticsGrants } from './adapters/dynamodb/counters/statistics.grants.ts'
import { deletionsGrants } from './adapters/dynamodb/deletions/deletions.grants.ts'
import { taskFilesGrants } from './adapters/dynamodb/files/task-files.grants.ts'
import { keysGrants } from './adapters/dynamodb/identity/keys.grants.ts'
import { linksGrants } from './adapters/dynamodb/identity/links.grants.ts'
import { messagesGrants } from './adapters/dynamodb/messages/messages.grants.ts'
import { agentsGrants } from './adapters/dynamodb/registry/agents.grants.ts'
import { collectablesGrants } from './adapters/dynamodb/registry/collectables.grants.ts'
import { loadsGrants } from './adapters/dynamodb/registry/loads.grants.ts'
import { modelUsageGrants } from './adapters/dynamodb/registry/model-usage.grants.ts'
import { workflowsGrants } from './adapters/dynamodb/registry/workflows.grants.ts'
import { sharedStateGrants } from './adapters/dynamodb/state/shared-state.grants.ts'
import { gatesGrants } from './adapters/dynamodb/steps/gates.grants.ts'
import { ledgerGrants } from './adapters/dynamodb/steps/ledger.grants.ts'
import { outputsGrants } from './adapters/dynamodb/steps/outputs.grants.ts'
import { stepsGrants } from './adapters/dynamodb/steps/steps.grants.ts'
import { waitsGrants } from './adapters/dynamodb/steps/waits.grants.ts'
import { callbacksGrants } from './adapters/dynamodb/suspending/callbacks.grants.ts'
import { suspensionsGrants } from './adapters/dynamodb/suspending/suspensions.grants.ts'
import { plansGrants } from './adapters/dynamodb/tasks/plans.grants.ts'
import { queueGrants } from './adapters/dynamodb/tasks/queue.grants.ts'
import { retentionGrants } from './adapters/dynamodb/tasks/retention.grants.ts'
import { tasksGrants } from './adapters/dynamodb/tasks/tasks.grants.ts'
import { tenantsGrants } from './adapters/dynamodb/tenants/tenants.grants.ts'
import { eventBusGrants } from './adapters/eventbridge/event-bus.grants.ts'
import { auditWriterGrants } from './adapters/lambda/audit-writer.grants.ts'
import { handlersGrants } from './adapters/lambda/handlers.grants.ts'
import { invocationsGrants } from './adapters/lambda/invocations.grants.ts'
import { modelsGrants } from './adapters/models/wrapped/counting-models.grants.ts'
import { answerStoreGrants } from './adapters/s3/answer-store.grants.ts'
import { fileStoreGrants } from './adapters/s3/file-store.grants.ts'
import { valuesGrants } from './adapters/s3/values.grants.ts'
import { secretsGrants } from './adapters/secretsmanager/secrets.grants.ts'
import { bellGrants } from './adapters/sqs/bell.grants.ts'
import { executionsGrants } from './adapters/stepfunctions/executions.grants.ts'
import { machinesGrants } from './adapters/stepfunctions/machines.grants.ts'

/** The ports that call AWS, by the names that use cases use. */
export const PORTS = {
  tasks: tasksGrants,
  plans: plansGrants,
  steps: stepsGrants,
  gates: gatesGrants,
  suspensions: suspensionsGrants,
  callbacks: callbacksGrants,
  outputs: outputsGrants,
  values: valuesGrants,
  waits: waitsGrants,
  messages: messagesGrants,
  bell: bellGrants,
  handlers: handlersGrants,
  links: linksGrants,
  deletions: deletionsGrants,
  tenants: tenantsGrants,
  retention: retentionGrants,
  agents: agentsGrants,
  workflows: workflowsGrants,
  loads: loadsGrants,
  collectables: collectablesGrants,
  keys: keysGrants,
  statistics: statisticsGrants,
  breakers: breakersGrants,
  limits: limitsGrants,
  queue: queueGrants,
  budgets: budgetsGrants,
  quotas: quotasGrants,
  money: moneyGrants,
  ledger: ledgerGrants,
  sharedState: sharedStateGrants,
  turns: turnsGrants,
  transcripts: transcriptsGrants,
  files: fileStoreGrants,
  taskFiles: taskFilesGrants,
  answers: answerStoreGrants,
  bus: eventBusGrants,
  executions: executionsGrants,
  machines: machinesGrants,
  invocations: invocationsGrants,
  logs: logsGrants,
  modelUsage: modelUsageGrants,
  models: modelsGrants,
  secrets: secretsGrants,
  audit: auditGrants,
  auditWriter: auditWriterGrants,
  anchors: anchorsGrants,
} as const
export type PortName = keyof typeof PORTS

/**
 * The ports of a function, and the modes in which it uses each. A port with no modes is passed to the function but
 * never called.
 */
export type PortModes = { readonly [P in PortName]?: readonly (keyof (typeof PORTS)[P]['modes'])[] }
