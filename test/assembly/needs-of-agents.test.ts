import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acknowledgeFindings } from '../../infra/acknowledge-findings.ts'
import { featureFlags } from '../../infra/feature-flags.ts'
import { DataStack } from '../../infra/stacks/data-stack.ts'
import { RuntimeStack } from '../../infra/stacks/runtime-stack.ts'
import { StageSchema } from '../../infra/stage.ts'
import type { AgentManifest } from '../../shared/domain/agent.ts'
import { makeAgent } from '../support/agents/make-agent.ts'

type Statement = { Effect: string; Action: string | string[]; Resource: unknown; Condition?: object }
type Template = { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> }
type Needs = Partial<NonNullable<AgentManifest['needs']>>

const AGENTS: Readonly<Record<string, Needs>> = {
  none: {},
  secrets: { secrets: ['OPENAI', 'DB', 'TOKEN'] },
  abroad: { secrets: ['OPENAI', 'ABROAD', 'THEIRS'] },
  one: { secrets: ['OPENAI'] },
  hooks: { webhooks: true },
  clerk: {
    policies: [
      {
        actions: ['dynamodb:GetItem', 'dynamodb:Query'],
        resources: ['arn:${partition}:dynamodb:${region}:${account}:table/orders'],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['${prefix}-*'] } },
      },
      {
        actions: ['s3:Get*'],
        resources: ['arn:aws:s3:::reports/*'],
        why: 'Reports have several kinds of objects',
      },
      {
        actions: ['textract:DetectDocumentText'],
        resources: ['*'],
        why: 'Textract knows no resources',
      },
    ],
    environment: { ORDERS_TABLE: '${prefix}-orders', DB_HOST: { parameter: '/${prefix}/db/host' } },
    vpc: {
      subnets: ['subnet-0123456789abcdef0', { parameter: '/net/private' }],
      securityGroups: ['sg-0123456789abcdef0'],
    },
  },
}

const ABROAD = 'arn:aws:secretsmanager:us-west-2:111111111111:secret:prod/abroad-AbC123'
const THEIRS = 'arn:aws:ssm:eu-west-1:222222222222:parameter/prod/theirs'

const outdir = mkdtempSync(join(tmpdir(), 'needs-of-agents-'))
let runtime: Template
beforeAll(() => {
  const bundle = join(outdir, 'bundle')
  mkdirSync(bundle)
  writeFileSync(join(bundle, 'index.mjs'), '')
  const app = new App({ outdir, analyticsReporting: false, context: featureFlags() })
  const stage = StageSchema.parse({
    webhookSecret: 'house/hooks',
    secrets: {
      OPENAI: 'secretsmanager:prod/openai',
      DB: { from: 'secretsmanager:prod/db', field: 'password' },
      TOKEN: 'ssm:/prod/token',
      OTHER: 'ssm:/prod/other',
      ABROAD: `secretsmanager:${ABROAD}`,
      THEIRS: `ssm:${THEIRS}`,
    },
  })
  const data = new DataStack(app, 'data', { stage })
  const manifests = Object.entries(AGENTS).map(([id, needs]) => manifestOf(id, needs))
  const stack = new RuntimeStack(app, 'runtime', {
    stage,
    catalogue: { agents: manifests.map((manifest) => ({ manifest, entry: '' })), workflows: [] },
    bundles: { folderOf: () => bundle, catalogueDigest: '' },
    data,
  })
  acknowledgeFindings(stage, { data, runtime: stack }, manifests)
  // A finding that is not acknowledged stops the synthesis.
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  app.synth()
  runtime = JSON.parse(readFileSync(join(outdir, 'runtime.template.json'), 'utf8')) as Template
}, 120_000)
afterAll(() => rmSync(outdir, { recursive: true, force: true }))

function manifestOf(id: string, needs: Needs): AgentManifest {
  const { status: _s, functionArn: _f, origin: _o, registeredAt: _r, ...manifest } = makeAgent({ id })
  return { ...manifest, needs: { models: [], ...needs } }
}

function functionOf(id: string) {
  const found = Object.values(runtime.Resources).find(
    ({ Properties }) => Properties.FunctionName === `orchestrator-agent-${id}`,
  )
  if (!found) throw new Error(`there is no function of ${id}`)
  const { Role, Environment, VpcConfig } = found.Properties as {
    Role: { 'Fn::GetAtt': [string, string] }
    Environment: { Variables: Record<string, unknown> }
    VpcConfig?: unknown
  }
  return { role: Role['Fn::GetAtt'][0], variables: Environment.Variables, VpcConfig }
}

/** What a function may do by the services, as lines: `effect actions resources conditions`. */
function grantsOf(id: string, services: RegExp): string[] {
  const { role } = functionOf(id)
  return (
    Object.values(runtime.Resources)
      .filter(
        ({ Type, Properties }) =>
          Type === 'AWS::IAM::Policy' && JSON.stringify(Properties.Roles).includes(`"${role}"`),
      )
      .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
      // The CDK joins statements on the same resource.
      .map((statement) => ({
        ...statement,
        Action: [statement.Action].flat().filter((action) => services.test(action)),
      }))
      .filter(({ Action }) => Action.length > 0)
      .map(({ Effect, Action, Resource, Condition }) =>
        [Effect, Action.join(','), [Resource].flat().map(flat).join(' '), Condition ? flat(Condition) : '']
          .join(' ')
          .trim(),
      )
      .sort()
  )
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '111111111111',
}

/** JSON with joined references as plain text. */
const flat = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || !('Fn::Join' in inner)) return inner
    const [, parts] = inner['Fn::Join'] as [string, unknown[]]
    return parts
      .map((part) =>
        typeof part === 'string' ? part : (PSEUDO[(part as { Ref?: string }).Ref ?? ''] ?? '?'),
      )
      .join('')
  }).replace(/^"(.*)"$/, '$1')

const KEYS = 'Allow kms:Decrypt arn:aws:kms:eu-west-1:111111111111:key/*'
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret'
const TOKEN = 'arn:aws:ssm:eu-west-1:111111111111:parameter/prod/token'
const via = (service: string, context: string, arns: unknown): string =>
  JSON.stringify({
    StringEquals: { 'kms:ViaService': `${service}.eu-west-1.amazonaws.com` },
    StringLike: { [`kms:EncryptionContext:${context}`]: arns },
  })

describe('the function of an agent that needs secrets', () => {
  const READS = /^(secretsmanager|ssm|kms):/

  it('may read exactly these, and decrypt them only by way of what keeps them', () => {
    const both = [`${SECRET}:prod/db-??????`, `${SECRET}:prod/openai-??????`]
    expect(grantsOf('secrets', READS)).toEqual([
      `${KEYS} ${via('secretsmanager', 'SecretARN', both)}`,
      `${KEYS} ${via('ssm', 'PARAMETER_ARN', [TOKEN])}`,
      `Allow secretsmanager:GetSecretValue ${both.join(' ')}`,
      `Allow ssm:GetParameter ${TOKEN}`,
    ])
    expect(grantsOf('one', READS)[1]).toBe(`Allow secretsmanager:GetSecretValue ${SECRET}:prod/openai-??????`)
    expect(grantsOf('hooks', READS)[1]).toBe(
      `Allow secretsmanager:GetSecretValue ${SECRET}:house/hooks-??????`,
    )
    expect(grantsOf('none', READS)).toEqual([])
  })

  it('decrypts what is kept in another region or account there, by way of the service of that place', () => {
    const key = (arn: string) => `Allow kms:Decrypt ${arn}`
    const by = (service: string, region: string, context: string, arn: string): string =>
      JSON.stringify({
        StringEquals: { 'kms:ViaService': `${service}.${region}.amazonaws.com` },
        StringLike: { [`kms:EncryptionContext:${context}`]: [arn] },
      })
    const openai = `${SECRET}:prod/openai-??????`
    expect(grantsOf('abroad', READS)).toEqual([
      `${key('arn:aws:kms:eu-west-1:111111111111:key/*')} ${by('secretsmanager', 'eu-west-1', 'SecretARN', openai)}`,
      `${key('arn:aws:kms:eu-west-1:222222222222:key/*')} ${by('ssm', 'eu-west-1', 'PARAMETER_ARN', THEIRS)}`,
      `${key('arn:aws:kms:us-west-2:111111111111:key/*')} ${by('secretsmanager', 'us-west-2', 'SecretARN', ABROAD)}`,
      `Allow secretsmanager:GetSecretValue ${[ABROAD, openai].join(' ')}`,
      `Allow ssm:GetParameter ${THEIRS}`,
    ])
  })

  it('knows where each is kept, and never its text', () => {
    expect(JSON.parse(String(functionOf('secrets').variables.SECRETS))).toEqual({
      OPENAI: 'secretsmanager:prod/openai',
      DB: { from: 'secretsmanager:prod/db', field: 'password' },
      TOKEN: 'ssm:/prod/token',
    })
    expect(functionOf('none').variables).not.toHaveProperty('SECRETS')
  })
})

describe('the function of an agent that needs policies, variables and a network', () => {
  it('may do what its file says', () => {
    expect(grantsOf('clerk', /^(dynamodb:(GetItem|Query)|s3:Get\*|textract:.*)$/)).toEqual(
      expect.arrayContaining([
        'Allow dynamodb:GetItem,dynamodb:Query arn:aws:dynamodb:eu-west-1:111111111111:table/orders {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["orchestrator-*"]}}',
        'Allow s3:Get* arn:aws:s3:::reports/*',
        'Allow textract:DetectDocumentText *',
      ]),
    )
    expect(JSON.stringify(grantsOf('none', /./))).not.toMatch(/textract|reports|orders/)
  })

  it('has its variables, of which parameters are read at the deployment', () => {
    expect(functionOf('clerk').variables).toMatchObject({
      ORDERS_TABLE: 'orchestrator-orders',
      DB_HOST: '{{resolve:ssm:/orchestrator/db/host}}',
    })
    expect(functionOf('none').variables).not.toHaveProperty('ORDERS_TABLE')
  })

  it('is in its network, to which only Lambda itself connects it', () => {
    expect(functionOf('clerk').VpcConfig).toEqual({
      SubnetIds: ['subnet-0123456789abcdef0', '{{resolve:ssm:/net/private}}'],
      SecurityGroupIds: ['sg-0123456789abcdef0'],
    })
    const self = 'arn:aws:lambda:eu-west-1:111111111111:function:orchestrator-agent-clerk'
    expect(grantsOf('clerk', /^ec2:/)).toEqual([
      expect.stringMatching(/^Allow ec2:AssignPrivateIpAddresses,ec2:CreateNetworkInterface,.* \*$/),
      expect.stringContaining(`{"StringEquals":{"lambda:SourceFunctionArn":"${self}"}}`),
    ])
    expect(functionOf('none').VpcConfig).toBeUndefined()
  })
})
