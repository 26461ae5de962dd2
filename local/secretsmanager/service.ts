import { readFile, stat } from 'node:fs/promises'
import * as z from 'zod'
import { placeOfSecret, type SecretSources } from '../../shared/domain/secret-source.ts'
import { AwsError } from '../aws/errors.ts'

type Options = {
  /** A JSON file of names and texts; none is no file. */
  file?: string | undefined
  /** For secrets that the file does not have. */
  environment?: Readonly<Record<string, string | undefined>>
}

/** Where agents know a secret by a name of their own, and of which field, if they know one field of it. */
type Known = { functionName: string; name: string; field: string | undefined }

const FileSchema = z.record(z.string(), z.string())

/** Anybody but the owner. */
const OTHERS = 0o077

/**
 * Secrets Manager and the parameters of SSM as the functions use them (GetSecretValue, GetParameter): texts are in a file, or in variables of the
 * environment, under the name of the secret or under the one by which agents know it.
 */
export class SecretsService {
  readonly #options: Options
  /** By the id of the secret. */
  readonly #known = new Map<string, Known[]>()
  /** Parameters that templates make, by name. */
  readonly #made = new Map<string, string>()
  /** The variables whose parameters are not there, by function. */
  readonly #missing = new Map<string, [name: string, parameter: string][]>()

  constructor(options: Options = {}) {
    this.#options = options
  }

  /** Tells the secrets that a function reads; they take the place of those that it read before. */
  expect(functionName: string, sources: SecretSources): void {
    for (const [id, known] of this.#known)
      this.#known.set(
        id,
        known.filter((one) => one.functionName !== functionName),
      )
    for (const [name, source] of Object.entries(sources)) {
      const { id, field } = placeOfSecret(source)
      const key = nameOf(id)
      this.#known.set(key, [...(this.#known.get(key) ?? []), { functionName, name, field }])
    }
  }

  /** The file is read at each call, so that a secret can be set or rotated while everything runs. */
  async getSecretValue(secretId: string): Promise<{ Name: string; SecretString: string }> {
    const name = nameOf(secretId)
    const text = await this.#textOf(name)
    if (text !== undefined) return { Name: name, SecretString: text }
    const message = `Secrets Manager can't find the specified secret; on this machine, ${this.#adviceOf(name)}`
    throw new AwsError('ResourceNotFoundException', message)
  }

  async getParameter(given: string): Promise<{ Name: string; Type: string; Value: string; Version: number }> {
    const name = nameOf(given)
    const text = await this.#textOf(name)
    if (text !== undefined) return { Name: name, Type: 'SecureString', Value: text, Version: 1 }
    throw new AwsError('ParameterNotFound', `there is no parameter; on this machine, ${this.#adviceOf(name)}`)
  }

  /** The variables of a function with the parameters that they name: `{{resolve:ssm:/prod/table}}`. One that is not there is left out, and told. */
  async withParameters(
    functionName: string,
    variables: Readonly<Record<string, string>>,
  ): Promise<Record<string, string>> {
    const own: [string, string][] = []
    this.#missing.delete(functionName)
    for (const [name, value] of Object.entries(variables)) {
      const [, parameter] = /^\{\{resolve:ssm:(.+)\}\}$/.exec(value) ?? []
      const text = parameter === undefined ? value : await this.#textOf(nameOf(parameter))
      if (text !== undefined) own.push([name, text])
      else
        this.#missing.set(functionName, [...(this.#missing.get(functionName) ?? []), [name, parameter ?? '']])
    }
    return Object.fromEntries(own)
  }

  /** A line for each secret, or parameter, that a function reads and that is not there, and for a file that cannot be used. */
  async problems(): Promise<string[]> {
    const lines = [...this.#missing].flatMap(([functionName, all]) =>
      all.map(
        ([name, parameter]) =>
          `parameter ${parameter}, of which ${functionName} has its variable ${name}, is not there: ${this.#adviceOf(parameter)}; the variable is not set`,
      ),
    )
    for (const [id, known] of this.#known) {
      if (known.length === 0) continue
      try {
        if ((await this.#textOf(id)) !== undefined) continue
      } catch (error) {
        return [(error as Error).message]
      }
      const by = [...new Set(known.map(({ functionName }) => functionName))].join(', ')
      const names = [...new Set(known.map(({ name }) => name))].join(', ')
      lines.push(`secret ${names}, which ${by} reads, is not there: ${this.#adviceOf(id)}`)
    }
    return lines
  }

  /** A parameter that a template makes. */
  putParameter(name: string, value: string): void {
    this.#made.set(name, value)
  }

  async #textOf(id: string): Promise<string | undefined> {
    const made = this.#made.get(id)
    if (made !== undefined) return made
    const { file, environment = {} } = this.#options
    const kept = file === undefined ? {} : await secretsIn(file)
    const of = (name: string): string | undefined =>
      Object.hasOwn(kept, name) ? kept[name] : environment[variableOf(name)]
    const whole = of(id) ?? of(id.replace(/^\//, ''))
    if (whole !== undefined) return whole
    const known = this.#known.get(id) ?? []
    const [plain] = known.flatMap(({ name, field }) => (field === undefined ? (of(name) ?? []) : []))
    if (plain !== undefined) return plain
    const fields = known.flatMap(({ name, field }) => {
      const text = of(name)
      return field === undefined || text === undefined ? [] : [[field, text] as const]
    })
    return fields.length > 0 ? JSON.stringify(Object.fromEntries(fields)) : undefined
  }

  #adviceOf(id: string): string {
    const { file } = this.#options
    const name = this.#known.get(id)?.[0]?.name ?? id
    const put = file === undefined ? [] : [`put {"${name}": "..."} into ${file} (chmod 600)`]
    return [...put, `set ${variableOf(name)}`].join(' or ')
  }
}

/** The environment variable of a secret: `models/own-key` is ORCHESTRATOR_SECRET_MODELS_OWN_KEY. */
const variableOf = (name: string): string =>
  `ORCHESTRATOR_SECRET_${name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
    .replace(/^_/, '')}`

/** An ARN of a secret ends with the name, a dash and six characters; that of a parameter with its name, of which it may lack the first slash. */
export const nameOf = (id: string): string =>
  /^arn:[^:]+:secretsmanager:[^:]*:\d*:secret:(.+)-[A-Za-z0-9]{6}$/.exec(id)?.[1] ??
  /^arn:[^:]+:ssm:[^:]*:\d*:parameter(\/.+)$/.exec(id)?.[1] ??
  id

async function secretsIn(file: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new AwsError('InternalServiceError', `${file} cannot be read: ${error.code ?? error.message}`)
  })
  if (text === undefined) return {}
  await requireOwn(file)
  try {
    return FileSchema.parse(JSON.parse(text))
  } catch {
    // The parser's message would quote the secrets.
    throw new AwsError('InternalServiceError', `${file} is no JSON object of names with texts`)
  }
}

/** The file must be readable by its owner alone, as with keys of SSH. Windows has no such modes. */
async function requireOwn(file: string): Promise<void> {
  if (process.platform === 'win32') return
  const { mode } = await stat(file)
  if ((mode & OTHERS) === 0) return
  const octal = (mode & 0o777).toString(8).padStart(4, '0')
  throw new AwsError(
    'InternalServiceError',
    `${file} has secrets, and others may read it (mode ${octal}); run: chmod 600 ${file}`,
  )
}
