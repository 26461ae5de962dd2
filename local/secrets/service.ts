import { AwsError } from '../aws/errors.ts'

const PREFIX = 'ORCHESTRATOR_SECRET_'

/** Names of secrets have more characters than names of variables: `orchestrator/webhooks` is in ORCHESTRATOR_SECRET_ORCHESTRATOR_WEBHOOKS. */
const variableOf = (name: string): string => `${PREFIX}${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`

/** GetSecretValue of Secrets Manager. On a laptop a secret is a variable of the environment of the local cloud; functions do not inherit it. */
export class SecretsService {
  readonly #environment: Readonly<Record<string, string | undefined>>

  constructor(environment: Readonly<Record<string, string | undefined>> = process.env) {
    this.#environment = environment
  }

  /** Throws ResourceNotFoundException, which names the variable. */
  get({ SecretId: name }: { SecretId?: unknown }): { Name: string; SecretString: string } {
    if (typeof name !== 'string' || name === '')
      throw new AwsError('InvalidParameterException', 'SecretId is missing')
    const text = this.#environment[variableOf(name)]
    if (text !== undefined) return { Name: name, SecretString: text }
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret: on this machine "${name}" is the variable ${variableOf(name)}, set it where the local cloud is started`,
    )
  }
}
