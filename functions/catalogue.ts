/**
 * The catalogue of functions: what infra bundles and deploys, and what each function may do. Pure data that imports
 * only the adapters' grants, so that a synthesis does not load any SDK.
 */
import { logsGrants } from './adapters/cloudwatch/logs.grants.ts'
import { transcriptsGrants } from './adapters/dynamodb/conversations/transcripts.grants.ts'
import { turnsGrants } from './adapters/dynamodb/conversations/turns.grants.ts'
import { breakersGrants } from './adapters/dynamodb/counters/breakers.grants.ts'
import { limitsGrants } from './adapters/dynamodb/counters/limits.grants.ts'
import { statisticsGrants } from './adapters/dynamodb/counters/statistics.grants.ts'
import { agentsGrants } from './adapters/dynamodb/registry/agents.grants.ts'
import { collectablesGrants } from './adapters/dynamodb/registry/collectables.grants.ts'
import { loadsGrants } from './adapters/dynamodb/registry/loads.grants.ts'
import { modelUsageGrants } from './adapters/dynamodb/registry/model-usage.grants.ts'
import { workflowsGrants } from './adapters/dynamodb/registry/workflows.grants.ts'
import { gatesGrants } from './adapters/dynamodb/steps/gates.grants.ts'
import { ledgerGrants } from './adapters/dynamodb/steps/ledger.grants.ts'
import { outputsGrants } from './adapters/dynamodb/steps/outputs.grants.ts'
import { stepsGrants } from './adapters/dynamodb/steps/steps.grants.ts'
import { taskFilesGrants } from './adapters/dynamodb/steps/task-files.grants.ts'
import { waitsGrants } from './adapters/dynamodb/steps/waits.grants.ts'
import { budgetsGrants } from './adapters/dynamodb/tasks/budgets.grants.ts'
import { plansGrants } from './adapters/dynamodb/tasks/plans.grants.ts'
import { queueGrants } from './adapters/dynamodb/tasks/queue.grants.ts'
import { tasksGrants } from './adapters/dynamodb/tasks/tasks.grants.ts'
import { eventBusGrants } from './adapters/eventbridge/event-bus.grants.ts'
import { invocationsGrants } from './adapters/lambda/invocations.grants.ts'
import { modelsGrants } from './adapters/models/wrapped/counting-models.grants.ts'
import { answerStoreGrants } from './adapters/s3/answer-store.grants.ts'
import { fileStoreGrants } from './adapters/s3/file-store.grants.ts'
import { valuesGrants } from './adapters/s3/values.grants.ts'
import { secretsGrants } from './adapters/secretsmanager/secrets.grants.ts'
import { executionsGrants } from './adapters/stepfunctions/executions.grants.ts'
import { machinesGrants } from './adapters/stepfunctions/machines.grants.ts'

/** The ports that call AWS, by the names that use cases use. */
export const PORTS = {
  tasks: tasksGrants,
  plans: plansGrants,
  steps: stepsGrants,
  gates: gatesGrants,
  outputs: outputsGrants,
  values: valuesGrants,
  waits: waitsGrants,
  agents: agentsGrants,
  workflows: workflowsGrants,
  loads: loadsGrants,
  collectables: collectablesGrants,
  statistics: statisticsGrants,
  breakers: breakersGrants,
  limits: limitsGrants,
  queue: queueGrants,
  budgets: budgetsGrants,
  ledger: ledgerGrants,
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
} as const
export type PortName = keyof typeof PORTS

/**
 * The ports of a function, and the modes in which it uses each. A port with no modes is passed to the function but
 * never called.
 */
export type PortModes = { readonly [P in PortName]?: readonly (keyof (typeof PORTS)[P]['modes'])[] }

/** The ports of every agent's function. */
export const AGENT_PORTS = {
  tasks: ['read'],
  plans: ['read'],
  steps: ['find', 'run'],
  gates: ['pass'],
  outputs: ['reuse'],
  values: ['read', 'write'],
  statistics: ['count'],
  breakers: ['read', 'count'],
  limits: ['take'],
  budgets: ['read', 'spend'],
  ledger: ['record'],
  files: ['list', 'read', 'write'],
  taskFiles: ['write'],
  bus: ['publish'],
  executions: ['wake'],
} as const satisfies PortModes

/** The ports of the function of an agent that needs language models, besides. */
export const MODEL_PORTS = {
  models: ['call'],
  secrets: ['read'],
  modelUsage: ['count'],
  turns: ['keep'],
  transcripts: ['keep'],
} as const satisfies PortModes

/** The settings of a function that are known before the synthesis. */
export type CataloguedFunction = {
  /** The path of the module that exports `handler`, relative to the package's root, without extension. */
  readonly entry: string
  readonly description: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  /**
   * Whether the function has reserved concurrency: tasks depend on it to start, proceed and end, so calls of agents
   * must not use up its capacity.
   */
  readonly reserved?: boolean
  readonly ports: PortModes
}

export const FUNCTIONS = {
  api: {
    entry: 'functions/api/handler',
    description: 'The REST API',
    timeoutSeconds: 29,
    memoryMb: 1024,
    reserved: true,
    ports: {
      tasks: ['read', 'list', 'submit', 'end', 'reopen', 'wait', 'watch'],
      plans: ['read', 'create'],
      steps: ['find', 'list', 'approve', 'reopen', 'adopt', 'inputs'],
      values: ['read'],
      waits: ['list', 'clear'],
      agents: ['find', 'list', 'register'],
      workflows: ['find', 'list', 'register'],
      loads: ['read', 'count'],
      collectables: ['use'],
      statistics: ['read', 'reset'],
      breakers: ['read', 'count'],
      limits: ['look', 'turns'],
      queue: ['add', 'next', 'look'],
      budgets: ['read', 'create', 'close'],
      files: ['list', 'upload', 'download'],
      taskFiles: ['read'],
      transcripts: ['read'],
      answers: ['keep'],
      bus: ['publish'],
      executions: ['start', 'wake', 'stop'],
      machines: ['ensure'],
      modelUsage: ['read'],
      logs: ['read'],
    },
  },
  rebind: {
    entry: 'functions/steps/rebind',
    description: 'Chooses the next agent for a step, or settles it',
    timeoutSeconds: 30,
    memoryMb: 512,
    reserved: true,
    ports: {
      tasks: ['read'],
      plans: ['read'],
      steps: ['find', 'run'],
      gates: ['pass'],
      values: ['read', 'write'],
      agents: ['find', 'list'],
      loads: ['read'],
      statistics: ['read', 'count'],
      breakers: ['read', 'count'],
      limits: ['look'],
      budgets: ['read', 'spend'],
      bus: ['publish'],
      executions: ['wake'],
    },
  },
  control: {
    entry: 'functions/steps/control',
    description: 'Runs the steps that no agent runs',
    timeoutSeconds: 30,
    memoryMb: 512,
    reserved: true,
    ports: {
      tasks: ['read', 'submit', 'end', 'reopen', 'wait'],
      plans: ['read', 'create'],
      steps: ['find', 'list', 'run', 'approve', 'reopen'],
      gates: ['pass'],
      values: ['read', 'write'],
      waits: ['wait', 'clear'],
      // For planning the tasks of child workflows.
      agents: ['list'],
      workflows: ['find', 'list'],
      loads: ['read', 'count'],
      statistics: ['read'],
      breakers: ['read'],
      limits: ['look'],
      // A child task does not queue: it runs in its parent's slot.
      queue: [],
      budgets: ['read', 'create', 'close'],
      bus: ['publish', 'deliver'],
      executions: ['find', 'wake', 'stop'],
      // For children whose workflow is computed while their parent runs.
      collectables: ['use'],
      machines: ['ensure'],
    },
  },
  'finish-task': {
    entry: 'functions/events/finish-task',
    description: 'Ends the task whose execution has ended',
    timeoutSeconds: 60,
    memoryMb: 512,
    reserved: true,
    ports: {
      tasks: ['read', 'end'],
      plans: ['read'],
      steps: ['list'],
      values: ['read', 'write'],
      waits: ['clear'],
      limits: ['turns'],
      queue: ['next'],
      budgets: ['close'],
      bus: ['publish'],
      executions: ['turns'],
    },
  },
  reconcile: {
    entry: 'functions/events/reconcile',
    description: 'Ends or starts tasks whose events were lost',
    timeoutSeconds: 120,
    memoryMb: 512,
    ports: {
      tasks: ['read', 'sweep', 'end'],
      plans: ['read'],
      steps: ['list'],
      values: ['read', 'write'],
      waits: ['clear'],
      limits: ['turns', 'sweep'],
      queue: ['add', 'next'],
      budgets: ['close'],
      bus: ['publish'],
      executions: ['start', 'find', 'stop'],
    },
  },
  collect: {
    entry: 'functions/events/collect',
    description: 'Removes state machines that are not used any more',
    timeoutSeconds: 300,
    memoryMb: 512,
    ports: { collectables: ['list', 'collect', 'forget'], machines: ['remove'] },
  },
  register: {
    entry: 'functions/deployment/register',
    description: 'Writes this deployment into the registry',
    timeoutSeconds: 900,
    memoryMb: 512,
    ports: {
      agents: ['list', 'register'],
      workflows: ['list', 'versions', 'register'],
      collectables: ['use', 'forget', 'list'],
      // Finds the tasks that are bound to a removed agent.
      tasks: ['sweep'],
      plans: ['read'],
      steps: ['list'],
      values: ['read'],
      machines: ['publish', 'remove', 'remove-busy'],
      // Work that exceeds an invocation continues in another.
      invocations: ['itself'],
    },
  },
} as const satisfies Record<string, CataloguedFunction>

export type FunctionName = keyof typeof FUNCTIONS
