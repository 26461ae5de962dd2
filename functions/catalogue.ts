/**
 * The functions that are no agents: what infra bundles and deploys. Data only, without an import: infra may read this file of
 * `functions/` and no other, so that no SDK comes into a synthesis.
 */

/** What is known of a function before anything is synthesized. */
export type CataloguedFunction = {
  /** The module that exports `handler`, from the package's root, without its ending. */
  readonly entry: string
  readonly description: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  /** Without it no task begins, goes on or ends: it keeps its share of the account's concurrency, however many calls agents have. */
  readonly reserved?: boolean
}

export const FUNCTIONS = {
  api: {
    entry: 'functions/api/handler',
    description: 'The REST API',
    timeoutSeconds: 29,
    memoryMb: 1024,
    reserved: true,
  },
  rebind: {
    entry: 'functions/steps/rebind',
    description: 'Chooses the next agent for a step, or settles it',
    timeoutSeconds: 30,
    memoryMb: 512,
    reserved: true,
  },
  control: {
    entry: 'functions/steps/control',
    description: 'Runs the steps that no agent runs',
    timeoutSeconds: 30,
    memoryMb: 512,
    reserved: true,
  },
  'finish-task': {
    entry: 'functions/events/finish-task',
    description: 'Ends the task whose execution has ended',
    timeoutSeconds: 60,
    memoryMb: 512,
    reserved: true,
  },
  reconcile: {
    entry: 'functions/events/reconcile',
    description: 'Ends or starts tasks that the events have missed',
    timeoutSeconds: 120,
    memoryMb: 512,
  },
  collect: {
    entry: 'functions/events/collect',
    description: 'Removes state machines that nobody needs any more',
    timeoutSeconds: 300,
    memoryMb: 512,
  },
  register: {
    entry: 'functions/deployment/register',
    description: 'Writes this deployment into the registry',
    timeoutSeconds: 900,
    memoryMb: 512,
  },
} as const satisfies Record<string, CataloguedFunction>

export type FunctionName = keyof typeof FUNCTIONS
