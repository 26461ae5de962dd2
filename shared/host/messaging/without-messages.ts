import type { AgentMessages } from '../../agent/index.ts'
import type { AgentManifest } from '../../domain/agent.ts'
import { OrchestratorError } from '../../domain/errors.ts'

/** `context.messages` of an agent that does not say that it sends any. */
export function withoutMessages({ id }: Pick<AgentManifest, 'id'>): AgentMessages {
  const refuse = async (): Promise<never> => {
    const message = `agent ${id} sends messages and does not say that it needs to: declare needs: {messages: true}`
    throw new OrchestratorError('ConfigError', message)
  }
  return { send: refuse, publish: refuse, ask: refuse }
}
