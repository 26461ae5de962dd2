import { type DefinedAgent, defineAgent } from '../../agent/index.ts'
import { withinTenant } from '../../app/tenants/within-tenant.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Ports } from '../../ports/index.ts'
import { TURN_CAPABILITY } from '../../workflow/conversation.ts'
import { takeTurn } from './take-turn.ts'
import { toolsOfCapabilities } from './tools-of-capabilities.ts'
import { TurnInputSchema, TurnOutputSchema } from './turn-schemas.ts'

/** What the agent uses beyond what every agent has. */
export type ConverseDeps = {
  agents: Ports['agents']
  tasks: Pick<Ports['tasks'], 'findTask'>
}

/** The agent that takes the turns of conversations. `deps` is called with each call of the agent. */
export function converseAgent(deps: () => ConverseDeps): DefinedAgent {
  return defineAgent({
    id: 'converse',
    version: '1.0.0',
    description:
      'Takes the turns of conversations (`converse`): asks a language model, which is given capabilities of other agents as tools, what to call next, or for its answer.',
    capabilities: {
      [TURN_CAPABILITY]: {
        description: 'One turn of a conversation. A step with `converse` calls it; nothing else should.',
        input: TurnInputSchema,
        output: TurnOutputSchema,
      },
    },
    typicalSeconds: 8,
    limits: { timeoutSeconds: 300, memoryMb: 512 },
    needs: { models: ['*'] },
    async execute({ input }, context) {
      const { agents, tasks } = deps()
      const task = await tasks.findTask(context.task.id)
      if (!task) throw new OrchestratorError('BugError', `there is no task ${context.task.id}`)
      const all = await withinTenant({ agents }, task.tenant).agents.listAgents()
      return takeTurn(input, toolsOfCapabilities(input.capabilities, all, task.tenant), context)
    },
  })
}
