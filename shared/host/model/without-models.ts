import type { AgentModel } from '../../agent/index.ts'
import { OrchestratorError } from '../../domain/errors.ts'

/** `context.model` of an agent that does not say that it needs a model: its function has no adapter, no grant and no settings. */
export function withoutModels(agentId: string): AgentModel {
  const refuse = async (): Promise<never> => {
    const message = `agent ${agentId} calls a language model and does not say that it needs one: declare needs: {models: ['default']}`
    throw new OrchestratorError('ConfigError', message)
  }
  return { has: () => false, generate: refuse, runTools: refuse }
}
