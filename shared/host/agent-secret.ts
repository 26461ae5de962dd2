import { type AgentManifest, needsSecrets } from '../domain/agent.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { WEBHOOK_SECRET } from '../domain/secret-source.ts'
import { shown } from '../domain/shown.ts'
import type { HostPorts } from './host-ports.ts'

/** Implements `context.secret`. */
export function agentSecret(
  { ownSecrets }: Pick<HostPorts, 'ownSecrets'>,
  manifest: AgentManifest,
): (name: string) => Promise<string> {
  return async (name) => {
    const needed = namesOf(manifest)
    if (!needed.includes(name)) {
      const told = typeof name === 'string' ? suggestNames(name, needed) : ''
      throw new OrchestratorError(
        'ConfigError',
        `agent ${manifest.id} asks for secret ${shown(name)}, which it does not say that it needs${told}; declare it in needs.secrets`,
      )
    }
    if (ownSecrets) return ownSecrets.readSecret(name)
    throw new OrchestratorError(
      'ConfigError',
      `agent ${manifest.id} asks for secret "${name}", and nothing here keeps secrets`,
    )
  }
}

/** The names of all secrets that an agent may read. */
export const namesOf = ({ needs }: Pick<AgentManifest, 'needs'>): readonly string[] =>
  needsSecrets({ needs }) ? [...(needs?.secrets ?? []), ...(needs?.webhooks ? [WEBHOOK_SECRET] : [])] : []
