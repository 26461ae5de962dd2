import type { AgentModel } from '../../agent/index.ts'
import type { AgentManifest } from '../../domain/agent.ts'
import { OrchestratorError } from '../../domain/errors.ts'

/** `context.model` of an agent whose function has no models: it does not say that it needs one, or its stage configures none. */
export function withoutModels({ id, needs }: Pick<AgentManifest, 'id' | 'needs'>): AgentModel {
  const refuse = async (): Promise<never> => {
    const [needed] = needs?.models ?? []
    const message =
      needed === undefined
        ? `agent ${id} calls a language model and does not say that it needs one: declare needs: {models: ['default']}`
        : `agent ${id} calls a language model, and the stage configures none: set models.${needed} in the stage file`
    throw new OrchestratorError('ConfigError', message)
  }
  return { has: () => false, generate: refuse, runTools: refuse }
}
