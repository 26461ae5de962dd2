/** What the function of an agent may do besides what the host needs, as the agent's file says it: policies, variables, a network. */
import * as z from 'zod'
import { type Issue, issue } from './issue.ts'
import { withoutSecrets } from './without-secrets.ts'

/** What stands for the place of the deployment in names and ARNs. */
export const PLACEHOLDERS = ['${partition}', '${region}', '${account}', '${prefix}'] as const

/** A statement without a reason may not say "everything". */
const LEAST_REASON = 10
const MOST_STATEMENTS = 10
const MOST_IN_STATEMENT = 20

const ACTION = /^[a-z0-9-]{1,40}:[A-Za-z]{1,80}\*?$/
/** The ARN of all there is of a service, or of services: nothing of it names a resource. */
const EVERYTHING = /^arn(?::[^:]*){0,4}:\*$/
/** An agent that may change roles may do everything. */
const FORBIDDEN_ACTION = /^(iam|organizations|account|sso|sso-admin):/
const RESOURCE = /^(?:\*|arn:[^\s]{5,500})$/

const ConditionSchema = z.record(
  z.string().regex(/^[a-z0-9-]+:[\w/:-]{1,200}$/i, 'a condition key is written like dynamodb:LeadingKeys'),
  z.union([z.string().max(500), z.array(z.string().max(500)).min(1).max(20)]),
)

/** A statement that allows something. */
const PolicySchema = z.strictObject({
  actions: z
    .array(
      z
        .string()
        .regex(ACTION, 'an action is written like dynamodb:GetItem; s3:Get* is every one that begins so')
        .refine((action) => !FORBIDDEN_ACTION.test(action), {
          error:
            'an agent may change no rights: actions of iam, organizations, account and sso are for people who deploy',
        }),
    )
    .min(1)
    .max(MOST_IN_STATEMENT),
  resources: z
    .array(
      z
        .string()
        .regex(
          RESOURCE,
          `a resource is an ARN, in which ${PLACEHOLDERS.join(', ')} may stand, or "*" for actions that know no resources`,
        ),
    )
    .min(1)
    .max(MOST_IN_STATEMENT),
  conditions: z
    .strictObject({
      StringEquals: ConditionSchema.optional(),
      StringLike: ConditionSchema.optional(),
      'ForAllValues:StringLike': ConditionSchema.optional(),
    })
    .optional()
    .describe('As in a policy of IAM; the operators are those that the local cloud evaluates too'),
  why: z
    .string()
    .min(LEAST_REASON)
    .max(300)
    .optional()
    .describe(
      'Why the statement says more than it can name: required with "*" as a resource, for all resources of a service, or in an action',
    ),
})
export type AgentPolicy = z.infer<typeof PolicySchema>

/** A value that stands in a parameter of SSM, which is read when the stacks are deployed. */
const ParameterSchema = z.strictObject({
  parameter: z
    .string()
    .regex(/^\/?[\w.${}-]+(?:\/[\w.${}-]+)*$/, 'the name of a parameter is written like /prod/orders/table')
    .max(300),
})

const VARIABLE = /^[A-Z][A-Z0-9_]{0,63}$/
/** Lambda's own, and those that change how the function itself runs. */
const RESERVED_VARIABLE = /^(AWS|LAMBDA|POWERTOOLS|NODE|ORCHESTRATOR)_/
const MOST_VARIABLES = 30

const VariablesSchema = z
  .record(
    z
      .string()
      .regex(VARIABLE, 'the name of a variable is A-Z, 0-9 and underscores, starts with a letter')
      .refine((name) => !RESERVED_VARIABLE.test(name), {
        error: 'names that begin with AWS_, LAMBDA_, POWERTOOLS_, NODE_ and ORCHESTRATOR_ are not free',
      }),
    z.union([z.string().max(500), ParameterSchema], {
      error: 'a variable is text, or { parameter: <name of a parameter of SSM> }',
    }),
  )
  .refine(
    (variables) => Object.keys(variables).length <= MOST_VARIABLES,
    `at most ${MOST_VARIABLES} variables`,
  )

const idOf = (kind: 'subnet' | 'sg') =>
  z.union([z.string().regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`)), ParameterSchema], {
    error: `it is an id like ${kind}-0123456789abcdef0, or { parameter: <name of a parameter of SSM that has one> }`,
  })

export const VpcSchema = z.strictObject({
  subnets: z.array(idOf('subnet')).min(1).max(16),
  securityGroups: z.array(idOf('sg')).min(1).max(5),
})

/** Fields of `needs`. */
export const ACCESS_FIELDS = {
  policies: z
    .array(PolicySchema)
    .max(MOST_STATEMENTS)
    .optional()
    .describe(
      'What the function of the agent may do in AWS besides: statements with exact actions and resources',
    ),
  environment: VariablesSchema.optional().describe(
    'Variables of the function of the agent: text, or a parameter of SSM that is read at the deployment; no secrets',
  ),
  vpc: VpcSchema.optional().describe(
    'The network of the function of the agent, by ids, which parameters of SSM may have',
  ),
}

type Access = {
  policies?: AgentPolicy[] | undefined
  environment?: z.infer<typeof VariablesSchema> | undefined
}

/** What concerns several fields, or cannot be told by a schema. */
export function issuesOfAccess({ policies = [], environment = {} }: Access): Issue[] {
  const wide = policies.flatMap((policy, at) => {
    const all = [...policy.actions, ...policy.resources].find(
      (one) => one === '*' || EVERYTHING.test(one) || (!one.startsWith('arn:') && one.endsWith('*')),
    )
    if (all === undefined || policy.why !== undefined) return []
    const message = `the statement says "${all}": name what is meant, or say in "why" for what reason it cannot be named`
    return [issue('missing-reason', `needs.policies[${at}].why`, message)]
  })
  const credentials = Object.entries(environment).flatMap(([name, value]) => {
    if (typeof value !== 'string' || withoutSecrets(`${name}=${value}`) === `${name}=${value}`) return []
    const message = `${name} looks like a credential, and everybody who may look at the function sees its variables: name it in needs.secrets, and read it by context.secret('${name}')`
    return [issue('secret-in-environment', `needs.environment.${name}`, message)]
  })
  return [
    ...wide,
    ...credentials,
    ...dynamicIn(policies, 'needs.policies'),
    ...dynamicIn(environment, 'needs.environment'),
  ]
}

/** CloudFormation would put a secret in its place, also into a variable, where everybody sees it who may look at the function. */
const DYNAMIC = '{{resolve:'

function dynamicIn(value: unknown, path: string): Issue[] {
  if (typeof value === 'string') {
    const message = `"${DYNAMIC}...}}" is for CloudFormation: say { parameter: <name of a parameter of SSM> } in needs.environment, and name secrets in needs.secrets`
    return value.includes(DYNAMIC) ? [issue('secret-in-environment', path, message)] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    dynamicIn(member, Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`),
  )
}
