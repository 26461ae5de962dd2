/** The planner with what its function may read: the module that the bundle of its function begins with. */
import { ModelsSchema } from '../../../shared/domain/model-settings.ts'
import { ownOf } from '../../../shared/domain/own.ts'
import { environment } from '../../deps/environment.ts'
import { knowledgePorts } from '../../deps/knowledge-ports.ts'
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
  priceOf(model) {
    const { MODELS } = environment()
    const configured = MODELS === undefined ? {} : ModelsSchema.parse(JSON.parse(MODELS))
    const id = ownOf(configured, model)?.id
    return id === undefined ? undefined : ownOf(prices().models, id)
  },
}))
