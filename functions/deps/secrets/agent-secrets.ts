import { describeIssues } from '../../../shared/domain/issue.ts'
import type { SecretSources } from '../../../shared/domain/secret-source.ts'
import type { HostPorts } from '../../../shared/host/host-ports.ts'
import { awsSecrets } from '../../adapters/secretsmanager/agent-secrets.ts'
import { signedCall } from '../../adapters/signed-call.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'
import { logger } from '../platform.ts'
import { learnSecret, maskThisProcess } from './secret-mask.ts'
import { readSecretSources } from './secret-sources.ts'

// The entry point of an agent's function imports this module before the agent.
maskThisProcess()

/** The ports of an agent that needs secrets, besides those of every agent. */
export const secretPorts = (): Required<Pick<HostPorts, 'ownSecrets'>> =>
  once('secretPorts', () => ({
    ownSecrets: awsSecrets({
      sources: configuredSecrets(),
      call: signedCall,
      learn: learnSecret,
      now: Date.now,
    }),
  }))

/** The secrets in the variable SECRETS. Throws ConfigError where it is not as infra writes it. */
function configuredSecrets(): SecretSources {
  const { sources, leftOut } = readSecretSources(environment().SECRETS ?? '{}')
  if (leftOut.length > 0)
    logger().warn('secrets whose place this release cannot read are left out', {
      reason: describeIssues(leftOut),
    })
  return sources
}
