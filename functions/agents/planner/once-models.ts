import type { AgentContext, ModelReply } from 'orchestrator/agent'
import type { Json } from '../../../shared/domain/json.ts'
import type { ModelRequest, Models } from '../../../shared/ports/models.ts'

/**
 * The agent's model as the planner's port: each call is made once for a run of the step, over all its attempts, so that an attempt after a crash
 * goes on with the answers that are there, and pays for none of them again. A retry of the task asks anew.
 */
export function onceModels({ model, once, step }: Pick<AgentContext, 'model' | 'once' | 'step'>): Models {
  let calls = 0
  return {
    async generate({ model: name, system, messages, cacheAfter, maxOutputTokens }: ModelRequest) {
      calls += 1
      // Neither `answer`, whose repair would be a call beyond the planner's caps, nor a second try: it reads and judges the text itself.
      const asked = { model: name, system, messages, maxOutputTokens, grows: false }
      const call = { ...asked, ...(cacheAfter ? { cacheAfter } : {}) }
      const reply = await once(
        `call-${step.run}-${calls}`,
        async () => (await model.generate(call)) as ModelReply & Json,
      )
      return reply
    },
  }
}
