import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { AwsError } from '../aws/errors.ts'

type Options = {
  /** A JSON file of names and texts; none is no file. */
  file?: string | undefined
  /** For secrets that the file does not have. */
  environment?: Readonly<Record<string, string | undefined>>
}

const FileSchema = z.record(z.string(), z.string())

/** Secrets Manager as the functions use it (GetSecretValue): secrets are in a file, or in variables of the environment. */
export class SecretsService {
  readonly #options: Options

  constructor(options: Options = {}) {
    this.#options = options
  }

  /** The file is read at each call, so that a secret can be set or rotated while everything runs. */
  async getSecretValue(secretId: string): Promise<{ Name: string; SecretString: string }> {
    const name = nameOf(secretId)
    const { file, environment = {} } = this.#options
    const kept = file === undefined ? {} : await secretsIn(file)
    const variable = variableOf(name)
    const text = Object.hasOwn(kept, name) ? kept[name] : environment[variable]
    if (text !== undefined) return { Name: name, SecretString: text }
    const where = [...(file === undefined ? [] : [`put {"${name}": "..."} into ${file}`]), `set ${variable}`]
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret; on this machine, ${where.join(' or ')}`,
    )
  }
}

/** The environment variable of a secret: `models/own-key` is ORCHESTRATOR_SECRET_MODELS_OWN_KEY. */
const variableOf = (name: string): string =>
  `ORCHESTRATOR_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`

/** An ARN ends with the name, a dash and six characters. */
export const nameOf = (secretId: string): string =>
  /^arn:[^:]+:secretsmanager:[^:]*:\d*:secret:(.+)-[A-Za-z0-9]{6}$/.exec(secretId)?.[1] ?? secretId

async function secretsIn(file: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}'
    throw new AwsError('InternalServiceError', `${file} cannot be read: ${error.code ?? error.message}`)
  })
  try {
    return FileSchema.parse(JSON.parse(text))
  } catch {
    // The parser's message would quote the secrets.
    throw new AwsError('InternalServiceError', `${file} is no JSON object of names with texts`)
  }
}
