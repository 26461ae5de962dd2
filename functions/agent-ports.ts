import type { PortModes } from './ports.ts'

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
  quotas: ['know'],
  money: ['spend'],
  ledger: ['record'],
  sharedState: ['read', 'write'],
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

/** The ports of the function of an agent that suspends, besides; in place of those of the same name. */
export const SUSPEND_PORTS = {
  tasks: ['read', 'wait'],
  suspensions: ['wake'],
  callbacks: ['make'],
  waits: ['wait'],
} as const satisfies PortModes

/** The ports of the function of an agent that sends or handles messages, besides. */
export const MESSAGE_PORTS = {
  messages: ['send', 'give', 'park', 'handle', 'resume'],
  bell: ['ring'],
  suspensions: ['wake'],
} as const satisfies PortModes
