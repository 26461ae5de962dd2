import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { describeIssues } from '../../../shared/domain/issue.ts'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'
import { type SecretSources, SecretSourcesSchema } from '../../../shared/domain/secret-source.ts'
import type { HostPorts } from '../../../shared/host/host-ports.ts'
import { awsSecrets } from '../../adapters/secretsmanager/agent-secrets.ts'
import { signedCall } from '../../adapters/signed-call.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'
import { learnSecret, maskThisProcess } from './secret-mask.ts'

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

/** The secrets in the variable SECRETS. Throws ConfigError for one that is not as infra writes it. */
function configuredSecrets(): SecretSources {
  const value: unknown = JSON.parse(environment().SECRETS ?? '{}')
  const parsed = SecretSourcesSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = issuesOfZod(parsed.error, { schema: SecretSourcesSchema, value })
  throw new OrchestratorError('ConfigError', `the variable SECRETS is not usable: ${describeIssues(issues)}`)
}
