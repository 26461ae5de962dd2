import type { PortModes } from './ports.ts'

/**
 * Agents of ours whose functions may do more than those of other agents, by id: the module that exports the agent with its ports, and those that
 * differ from AGENT_PORTS.
 */
export const AGENTS_WITH_PORTS = {
  converse: {
    entry: 'functions/agents/converse/deployed',
    // For the schemas of the capabilities that its model may call.
    ports: { agents: ['list'] },
  },
  notify: {
    entry: 'functions/agents/notify/deployed',
    // Mail and the secret are granted by what the agent needs (infra/constructs/agent-needs.ts).
    ports: {},
  },
  planner: {
    entry: 'functions/agents/planner/deployed',
    ports: {
      // For checking, binding and estimating a plan before it is answered.
      agents: ['list'],
      workflows: ['find', 'list'],
      loads: ['read'],
      statistics: ['read', 'count'],
      limits: ['look', 'take'],
      // For planning anew what a failed plan has left.
      steps: ['find', 'list', 'run'],
    },
  },
} as const satisfies Readonly<Record<string, { entry: string; ports: PortModes }>>
