/**
 * The catalogue of functions: what infra bundles and deploys, and what each may do. Pure data: a synthesis loads no SDK.
 */
import { AGENT_PORTS, SUSPEND_PORTS } from './agent-ports.ts'
import type { PortModes } from './ports.ts'

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
      tasks: ['read', 'list', 'sweep', 'submit', 'deleted', 'end', 'reopen', 'wait', 'watch'],
      deletions: ['mark'],
      tenants: ['look', 'begin'],
      plans: ['read', 'create'],
      steps: ['find', 'list', 'approve', 'rate', 'reopen', 'adopt', 'inputs'],
      values: ['read', 'write'],
      sharedState: ['read', 'write', 'keep'],
      suspensions: ['wake', 'hear'],
      callbacks: ['find'],
      waits: ['list', 'clear'],
      messages: ['send', 'list', 'give', 'park'],
      bell: ['ring'],
      links: ['manage', 'use'],
      agents: ['find', 'list', 'register'],
      workflows: ['find', 'list', 'versions', 'register'],
      loads: ['read', 'count'],
      collectables: ['use'],
      keys: ['manage'],
      statistics: ['read', 'correct', 'reset'],
      breakers: ['read', 'count'],
      limits: ['look', 'turns', 'places'],
      queue: ['know', 'add', 'next', 'look'],
      budgets: ['read', 'create', 'close'],
      quotas: ['know', 'count'],
      money: ['read'],
      files: ['list', 'uploads', 'upload', 'download'],
      taskFiles: ['read'],
      transcripts: ['read'],
      answers: ['keep'],
      bus: ['publish'],
      executions: ['start', 'wake', 'beat', 'stop'],
      machines: ['ensure'],
      modelUsage: ['read'],
      logs: ['read'],
      audit: ['note', 'read'],
      auditWriter: ['ask'],
      anchors: ['read'],
    },
  },
  authorize: {
    entry: 'functions/api/authorize',
    description: 'Finds the caller behind a token or an API key',
    timeoutSeconds: 10,
    memoryMb: 512,
    ports: { keys: ['verify'] },
  },
  rebind: {
    entry: 'functions/steps/rebind',
    description: 'Chooses the next agent for a step, or settles it',
    timeoutSeconds: 30,
    memoryMb: 512,
    reserved: true,
    ports: {
      // For a suspended step that another agent takes over.
      tasks: ['read', 'wait'],
      waits: ['end'],
      plans: ['read'],
      steps: ['find', 'run'],
      gates: ['pass'],
      values: ['read', 'write'],
      sharedState: ['read'],
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
      sharedState: ['read'],
      waits: ['wait', 'clear'],
      messages: ['wait', 'send', 'give', 'park'],
      bell: ['ring'],
      suspensions: ['wake'],
      // For planning the tasks of child workflows.
      agents: ['list'],
      workflows: ['find', 'list', 'versions'],
      loads: ['read', 'count'],
      statistics: ['read'],
      breakers: ['read'],
      limits: ['look'],
      // A child task does not queue: it runs in its parent's slot.
      queue: ['know'],
      budgets: ['read', 'create', 'close'],
      bus: ['publish', 'deliver'],
      executions: ['find', 'wake', 'stop'],
      // For children whose workflow is computed while their parent runs.
      collectables: ['use'],
      machines: ['ensure'],
    },
  },
  // Only in a stage with `agentsElsewhere`: the host of agents that no function of ours hosts.
  elsewhere: {
    entry: 'functions/steps/elsewhere',
    description: 'Calls agents that run elsewhere',
    timeoutSeconds: 870,
    memoryMb: 512,
    ports: {
      ...AGENT_PORTS,
      ...SUSPEND_PORTS,
      agents: ['find', 'list'],
      files: ['list', 'read', 'write', 'download'],
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
      sharedState: ['read'],
      waits: ['clear'],
      limits: ['turns'],
      queue: ['know', 'next'],
      budgets: ['close'],
      bus: ['publish'],
      executions: ['turns'],
    },
  },
  reconcile: {
    entry: 'functions/events/reconcile',
    description: 'Ends or starts tasks whose events were lost, and gives messages that were left',
    timeoutSeconds: 120,
    memoryMb: 512,
    ports: {
      tasks: ['read', 'sweep', 'end'],
      plans: ['read'],
      steps: ['find', 'list'],
      values: ['read', 'write'],
      sharedState: ['read'],
      waits: ['clear'],
      suspensions: ['wake', 'sweep'],
      messages: ['sweep', 'give', 'park'],
      bell: ['ring'],
      limits: ['turns', 'sweep'],
      queue: ['know', 'add', 'next'],
      budgets: ['close'],
      bus: ['publish'],
      executions: ['start', 'find', 'wake', 'stop'],
    },
  },
  collect: {
    entry: 'functions/events/collect',
    description: 'Removes state machines that are not used any more',
    timeoutSeconds: 300,
    memoryMb: 512,
    ports: { collectables: ['list', 'collect', 'forget'], machines: ['remove'] },
  },
  erase: {
    entry: 'functions/events/erase',
    description: 'Removes the data of deleted tasks and tenants',
    timeoutSeconds: 120,
    memoryMb: 512,
    ports: {
      // Children that are open yet are cancelled.
      tasks: ['read', 'list', 'end'],
      plans: ['read'],
      values: [],
      sharedState: [],
      steps: ['list'],
      waits: ['clear'],
      limits: ['turns'],
      queue: ['know', 'next'],
      budgets: ['close'],
      bus: ['publish'],
      executions: ['start', 'stop'],
      deletions: ['mark', 'erase', 'look'],
      tenants: ['erase'],
      retention: ['apply'],
      keys: ['remove'],
      workflows: ['versions'],
      machines: ['remove', 'remove-busy'],
      collectables: ['list', 'forget'],
    },
  },
  deliver: {
    entry: 'functions/events/deliver',
    description: 'Calls agents with their messages',
    timeoutSeconds: 300,
    memoryMb: 512,
    ports: {
      tasks: ['read'],
      plans: ['read'],
      values: ['read', 'write'],
      steps: ['find'],
      suspensions: ['wake'],
      sharedState: [],
      messages: ['give', 'park', 'deliver'],
      handlers: ['call'],
      bus: ['publish'],
      executions: ['wake'],
    },
  },
  audit: {
    entry: 'functions/events/audit',
    description: 'Appends noted calls to the audit chains of their tenants',
    timeoutSeconds: 60,
    memoryMb: 512,
    ports: { audit: ['append'] },
  },
  // Only in a stage with `auditAnchorDays`.
  anchor: {
    entry: 'functions/events/anchor',
    description: 'Signs the ends of audit chains, and keeps them where nobody can change them',
    timeoutSeconds: 120,
    memoryMb: 512,
    ports: { audit: ['anchor'], anchors: ['write'] },
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
      sharedState: ['read'],
      machines: ['publish', 'remove', 'remove-busy'],
      // Work that exceeds an invocation continues in another.
      invocations: ['itself'],
    },
  },
} as const satisfies Record<string, CataloguedFunction>

export type FunctionName = keyof typeof FUNCTIONS
