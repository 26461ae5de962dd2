import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { converseAgent } from '../../../shared/host/converse/converse-agent.ts'

/** The agent as it is declared; its function brings the ports (deployed.ts). */
export default converseAgent(() => {
  throw new OrchestratorError(
    'ConfigError',
    'the agent of conversations runs in its own function, which gives it the capabilities of the others',
  )
})
