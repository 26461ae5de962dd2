import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { plannerAgent } from './planner-agent.ts'

/** The planner as it is declared; its function brings the ports (deployed.ts). */
export default plannerAgent(() => {
  throw new OrchestratorError(
    'ConfigError',
    'the planner runs in its own function, which gives it the catalogue',
  )
})
