import { OrchestratorError } from 'orchestrator/agent'
import { notifyAgent } from './notify-agent.ts'

/** The agent as it is declared; its function brings the signed calls (deployed.ts). */
export default notifyAgent(async () => {
  throw new OrchestratorError(
    'ConfigError',
    'the agent "notify" sends from its own function, which has the permission: run it in the local cloud or in a stage',
  )
})
