import { describeIssues } from '../../../shared/domain/issue.ts'
import { unmaskedMembers } from '../../../shared/domain/secret-forms.ts'
import { LEAST_SECRET } from '../../../shared/domain/secret-mask.ts'
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
      learn: learnAndTell,
      now: Date.now,
    }),
  }))

/** Tells, by their names, which members are too short to be masked. */
function learnAndTell(name: string, text: string): void {
  learnSecret(name, text)
  const members = unmaskedMembers(text, LEAST_SECRET)
  if (members.length === 0) return
  logger().warn('members of a secret are too short to be masked', { secret: name, members })
}

/** The secrets in the variable SECRETS. Throws ConfigError where it is not as infra writes it. */
function configuredSecrets(): SecretSources {
  const { sources, leftOut } = readSecretSources(environment().SECRETS ?? '{}')
  if (leftOut.length > 0)
    logger().warn('secrets whose place this release cannot read are left out', {
      reason: describeIssues(leftOut),
    })
  return sources
}
