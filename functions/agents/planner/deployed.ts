/** The planner with what its function may read: the module that the bundle of its function begins with. */
import { ownOf } from '../../../shared/domain/own.ts'
import { knowledgePorts } from '../../deps/knowledge-ports.ts'
import { configuredModels } from '../../deps/models/model-settings.ts'
import { clock, ids, prices } from '../../deps/platform.ts'
import { workflows } from '../../deps/registry-ports.ts'
import { taskPorts } from '../../deps/task-ports.ts'
import { plannerAgent } from './planner-agent.ts'

export default plannerAgent(() => ({
  ...taskPorts(),
  ...knowledgePorts(),
  workflows: workflows(),
  prices: prices(),
  clock,
  ids: ids(),
  settingsOf: (model) => ownOf(configuredModels(), model),
}))
