import * as z from 'zod'
import { AwsError } from '../aws/errors.ts'

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())])

/** A policy statement in a template. */
export const StatementSchema = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: list,
  Resource: list,
  Condition: z
    .strictObject(
      {
        StringEquals: z.record(z.string(), list).optional(),
        StringLike: z.record(z.string(), list).optional(),
        'ForAllValues:StringLike': z.record(z.string(), list).optional(),
      },
      'the local cloud evaluates StringEquals, StringLike and ForAllValues:StringLike only, of all policy conditions',
    )
    .optional(),
})
export type Statement = z.infer<typeof StatementSchema>
/** The condition keys that a request has values for, such as `iam:PassedToService`. */
type RequestContext = Readonly<Record<string, string | readonly string[]>>

type Role = { arn: string; statements: Statement[]; accessKeyId: string; policies: readonly string[] }

const SECRET = 'local-secret-of-this-laptop'

/**
 * Authorization: the templates' policies, checked for every call of a function or a state machine.
 * A caller with credentials of their own (a person with the AWS CLI) may do everything: it is their laptop.
 */
export class IamService {
  readonly #roles = new Map<string, Role>()
  /** The same roles, by ARN, as requests name them. */
  readonly #byArn = new Map<string, Role>()
  /** Managed policies, by ARN. */
  readonly #policies = new Map<string, readonly Statement[]>()
  readonly #byKey = new Map<string, { name: string; role: Role }>()

  /** `policies` are the ARNs of managed policies, which may be put later. */
  putRole(name: string, arn: string, policies: readonly string[] = []): void {
    const accessKeyId = `ASIALOCAL${String(this.#roles.size).padStart(11, '0')}`
    const role = { arn, statements: [], accessKeyId, policies }
    this.#roles.set(name, role)
    this.#byArn.set(arn, role)
    this.#byKey.set(accessKeyId, { name, role })
  }

  attach(roleName: string, statements: readonly Statement[]): void {
    this.#roles.get(roleName)?.statements.push(...statements)
  }

  putPolicy(arn: string, statements: readonly Statement[]): void {
    this.#policies.set(arn, statements)
  }

  /** The credentials in the environment of a function with this role. */
  credentialsOf(roleArn: string): Record<string, string> {
    const role = this.#byArn.get(roleArn)
    if (!role) throw new Error(`there is no role ${roleArn}`)
    return { AWS_ACCESS_KEY_ID: role.accessKeyId, AWS_SECRET_ACCESS_KEY: SECRET, AWS_SESSION_TOKEN: 'local' }
  }

  /** The role that these credentials belong to. */
  roleNameOf(accessKeyId: string | undefined): string | undefined {
    return accessKeyId === undefined ? undefined : this.#byKey.get(accessKeyId)?.name
  }

  /** The secret that a caller signs with. */
  secretOf = (accessKeyId: string): string | undefined => (this.#byKey.has(accessKeyId) ? SECRET : undefined)

  /** Throws AccessDeniedException naming caller, action and resource, as AWS does. */
  authorizeKey(
    accessKeyId: string | undefined,
    action: string,
    resource: string,
    context: RequestContext = {},
  ): void {
    const role = accessKeyId === undefined ? undefined : this.#byKey.get(accessKeyId)?.role
    if (role) this.#authorize(role, action, resource, context)
  }

  authorizeRole(roleArn: string, action: string, resource: string): void {
    const role = this.#byArn.get(roleArn)
    if (!role) throw new AwsError('AccessDeniedException', `there is no role ${roleArn}`)
    this.#authorize(role, action, resource)
  }

  #authorize(
    { arn, statements: own, policies }: Role,
    action: string,
    resource: string,
    context: RequestContext = {},
  ): void {
    const statements = [...own, ...policies.flatMap((policy) => this.#policies.get(policy) ?? [])]
    const matching = statements.filter(({ Action, Resource, Condition }) => {
      return (
        Action.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
        Resource.some((pattern) => matches(pattern, resource)) &&
        holds(Condition, context)
      )
    })
    if (
      matching.some(({ Effect }) => Effect === 'Allow') &&
      !matching.some(({ Effect }) => Effect === 'Deny')
    )
      return
    const caller = arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')
    const message = `User: ${caller}/local is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`
    throw new AwsError('AccessDeniedException', message, 400)
  }
}

/** Each condition key must be present with one of the values; with `ForAllValues`, all its values must match one of them. */
function holds(condition: Statement['Condition'] = {}, context: RequestContext): boolean {
  const { StringEquals = {}, StringLike = {}, 'ForAllValues:StringLike': allLike = {} } = condition
  return (
    Object.entries(StringEquals).every(([key, values]) => values.includes(String(context[key] ?? ''))) &&
    Object.entries(StringLike).every(([key, patterns]) =>
      patterns.some((pattern) => context[key] !== undefined && matches(pattern, String(context[key]))),
    ) &&
    Object.entries(allLike).every(([key, patterns]) =>
      [context[key] ?? []].flat().every((value) => patterns.some((pattern) => matches(pattern, value))),
    )
  )
}

const compiled = new Map<string, RegExp>()

function matches(pattern: string, value: string): boolean {
  const known = compiled.get(pattern)
  if (known) return known.test(value)
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const expression = new RegExp(`^${source}$`, 's')
  compiled.set(pattern, expression)
  return expression.test(value)
}
