import type { DefinedAgent } from '../shared/agent/index.ts'
import { OrchestratorError } from '../shared/domain/errors.ts'
import { nearestNames } from '../shared/domain/nearest-names.ts'
import { ownOf } from '../shared/domain/own.ts'
import { secretMask } from '../shared/domain/secret-mask.ts'
import { namesOf } from '../shared/host/agent-secret.ts'
import type { HostPorts } from '../shared/host/host-ports.ts'

/** The secrets of a test by the names of `needs.secrets`: `{OPENAI: 'sk-for-tests'}`. Those with at least 8 characters are masked as in the cloud. */
export type GivenSecrets = Readonly<Record<string, string>>

/** The secrets of a test, as the host gets them. Throws a TypeError for a name that no agent of the test needs. */
export function secretsOf(
  given: GivenSecrets,
  agents: readonly DefinedAgent[],
): Required<Pick<HostPorts, 'ownSecrets' | 'mask'>> {
  const needed = [...new Set(agents.flatMap(({ manifest }) => namesOf(manifest)))]
  for (const name of Object.keys(given)) {
    if (needed.includes(name)) continue
    const [meant] = nearestNames(name, needed)
    const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
    const told = needed.length === 0 ? 'they need none' : `needed: ${needed.join(', ')}`
    throw new TypeError(
      `secrets[${JSON.stringify(name)}]: no agent of the test needs a secret "${name}"${hint} (${told})`,
    )
  }
  const mask = secretMask()
  return {
    mask,
    ownSecrets: {
      async readSecret(name) {
        const text = ownOf(given, name)
        if (text === undefined)
          throw new OrchestratorError(
            'ConfigError',
            `secret ${name}: the test has none; write secrets: { ${name}: '...' } in its options`,
          )
        mask.learn(name, text)
        return text
      },
    },
  }
}
