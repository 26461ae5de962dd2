import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

type Needs = NonNullable<Parameters<typeof defineAgent>[0]['needs']>

const define = (needs: Needs) =>
  defineAgent({
    id: 'clerk',
    version: '1.0.0',
    description: 'x',
    needs,
    capabilities: { 'x.y': { description: 'x', input: z.unknown(), output: z.unknown() } },
    execute: async () => null,
  })
const TABLE = 'arn:${partition}:dynamodb:${region}:${account}:table/orders'
const policy = (more: object) => ({
  policies: [{ actions: ['dynamodb:GetItem'], resources: [TABLE], ...more }],
})

describe('needs.policies, needs.environment and needs.vpc', () => {
  it.each<[string, Needs]>([
    ['a statement', policy({})],
    [
      'a statement with a condition',
      policy({ conditions: { StringLike: { 'dynamodb:LeadingKeys': ['a*'] } } }),
    ],
    ['a wildcard in a resource', policy({ resources: [`${TABLE}/index/*`] })],
    ['a wildcard in a name', policy({ resources: ['arn:aws:s3:::reports-*', 'arn:aws:s3:::reports/*'] })],
    ['a wildcard that is explained', policy({ actions: ['s3:Get*'], why: 'There are many kinds of them' })],
    ['a variable', { environment: { ORDERS_TABLE: 'orders', DB_HOST: { parameter: '/prod/db/host' } } }],
    ['a network', { vpc: { subnets: ['subnet-01234567'], securityGroups: [{ parameter: '/net/sg' }] } }],
  ])('are %s', (_what, needs) => {
    expect(define(needs).manifest.needs).toMatchObject(needs)
  })

  it.each<[string, Needs, string]>([
    ['every action', policy({ actions: ['*'] }), 'needs.policies[0].actions[0]: '],
    [
      'every action of a service',
      policy({ actions: ['s3:*'], why: 'because it is easy' }),
      'an action is written like dynamodb:GetItem',
    ],
    ['an action that changes rights', policy({ actions: ['iam:PassRole'] }), 'an agent may change no rights'],
    [
      'an action that changes rights, by a wildcard',
      policy({ actions: ['iam:Pass*'], why: 'because it is easy' }),
      'an agent may change no rights',
    ],
    [
      'a wildcard without a reason',
      policy({ actions: ['s3:Get*'] }),
      'needs.policies[0].why: the statement says "s3:Get*": name what is meant',
    ],
    [
      'every resource without a reason',
      policy({ resources: ['*'] }),
      'needs.policies[0].why: the statement says "*"',
    ],
    ...[
      'arn:aws:*',
      'arn:aws:s3:::*',
      'arn:${partition}:secretsmanager:${region}:${account}:*',
      'arn:aws:sqs:*:*:*',
    ].map((all): [string, Needs, string] => [
      `all there is of a service without a reason, ${all}`,
      policy({ resources: [all] }),
      `needs.policies[0].why: the statement says "${all}"`,
    ]),
    ['a resource that is no ARN', policy({ resources: ['orders'] }), 'a resource is an ARN'],
    [
      'an operator that the local cloud does not know',
      policy({ conditions: { Bool: { 'aws:SecureTransport': 'true' } } }),
      'Bool',
    ],
    [
      'too many statements',
      { policies: Array.from({ length: 11 }, () => ({ actions: ['a:B'], resources: [TABLE] })) },
      'needs.policies: ',
    ],
    ['a variable in small letters', { environment: { table: 'x' } }, 'the name of a variable is A-Z'],
    ['a variable of Lambda', { environment: { AWS_REGION: 'x' } }, 'are not free'],
    ['options of Node.js', { environment: { NODE_OPTIONS: '--inspect' } }, 'are not free'],
    [
      'a credential in a variable',
      { environment: { BANK_API_KEY: '0123456789abcdef' } },
      "needs.environment.BANK_API_KEY: BANK_API_KEY looks like a credential, and everybody who may look at the function sees its variables: name it in needs.secrets, and read it by context.secret('BANK_API_KEY')",
    ],
    [
      'a secret that CloudFormation would read',
      { environment: { URL: 'db://{{resolve:secretsmanager:prod/db}}' } },
      'needs.environment.URL: "{{resolve:...}}" is for CloudFormation',
    ],
    [
      'the same in a resource',
      policy({ resources: ['arn:aws:s3:::{{resolve:secretsmanager:prod/db}}'] }),
      'needs.policies[0].resources[0]: "{{resolve:',
    ],
    [
      'the same in a condition',
      policy({ conditions: { StringLike: { 'dynamodb:LeadingKeys': ['{{resolve:ssm:/a}}'] } } }),
      'needs.policies[0].conditions.StringLike.dynamodb:LeadingKeys[0]: "{{resolve:',
    ],
    ['a value that is too long', { environment: { A: 'x'.repeat(501) } }, 'needs.environment.A'],
    [
      'too many variables',
      { environment: Object.fromEntries(Array.from({ length: 31 }, (_, at) => [`V${at}`, 'x'])) },
      'at most 30 variables',
    ],
    [
      'a subnet that is none',
      { vpc: { subnets: ['private-a'], securityGroups: ['sg-01234567'] } },
      'needs.vpc.subnets[0]: ',
    ],
    [
      'no security group',
      { vpc: { subnets: ['subnet-01234567'], securityGroups: [] } },
      'needs.vpc.securityGroups',
    ],
  ])('are never %s', (_what, needs, message) => {
    expect(() => define(needs)).toThrow(message)
  })
})
