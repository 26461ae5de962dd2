import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import aslValidator from 'asl-validator'
import { describe, expect, it } from 'vitest'
import { API_PREFIX } from '../../shared/contracts/route.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
import { ASSEMBLY } from '../support/synthesize-once.ts'

type Resource = {
  Type: string
  Properties: Record<string, unknown>
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
}
type Statement = { Effect: string; Action: string | string[]; Resource: unknown }

const STACKS = ['orchestrator-data', 'orchestrator-runtime', 'orchestrator-observability']
const templateOf = (stack: string) =>
  JSON.parse(readFileSync(join(ASSEMBLY, `${stack}.template.json`), 'utf8')) as {
    Resources: Record<string, Resource>
  }
const all = STACKS.flatMap((stack) => Object.entries(templateOf(stack).Resources))
const ofType = (type: string) => all.filter(([, resource]) => resource.Type === type)

/** What changes with every change of the code, and says nothing about the stacks. */
function scrubbed(stack: string): string {
  return JSON.stringify(templateOf(stack), null, 1)
    .replaceAll(/[0-9a-f]{64}\.zip/g, '<asset>.zip')
    .replaceAll(/"catalogue": "[0-9a-f]{16}"/g, '"catalogue": "<digest>"')
}

describe('the stacks', () => {
  it.each(STACKS)('%s has not changed unnoticed', async (stack) => {
    await expect(scrubbed(stack)).toMatchFileSnapshot(`__snapshots__/${stack}.json`)
  })

  it('keeps the ids of what holds state: another id is another table', () => {
    const stateful = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Events::EventBus']
    const ids = stateful.flatMap((type) => ofType(type).map(([id]) => id))
    expect(ids).toEqual([
      'Tasks0BA6A452',
      'Registry4DB9CCA5',
      'AccessLogs8B620ECA',
      'Bucket83908E77',
      'BusEA82B648',
    ])
  })

  it('retains what holds state, protected and restorable', () => {
    for (const [, table] of ofType('AWS::DynamoDB::Table')) {
      expect(table).toMatchObject({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          BillingMode: 'PAY_PER_REQUEST',
        },
      })
    }
    for (const type of ['AWS::S3::Bucket', 'AWS::Events::EventBus', 'AWS::StepFunctions::StateMachine']) {
      for (const [, resource] of ofType(type)) expect(resource.DeletionPolicy).toBe('RetainExceptOnCreate')
    }
  })

  it('runs functions on arm64 and Node 24, traced, with a log group that forgets', () => {
    expect(ofType('AWS::Lambda::Function')).toHaveLength(14)
    for (const [, { Properties }] of ofType('AWS::Lambda::Function')) {
      expect(Properties).toMatchObject({
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogGroup: expect.anything() },
      })
    }
    for (const [, { Properties }] of ofType('AWS::Logs::LogGroup'))
      expect(Properties.RetentionInDays).toBe(30)
  })

  it('has exactly the routes of the contract, each closed', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties)
    const expected = Object.values(ROUTES).map(({ method, path }) => `${method} ${API_PREFIX}${path}`)
    expect(routes.map(({ RouteKey }) => RouteKey).sort()).toEqual(expected.sort())
    expect(new Set(routes.map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['AWS_IAM']))
  })

  it('refers to no agent and no workflow from the dashboard: an export in use could not go with them', () => {
    const imports = [
      ...JSON.stringify(templateOf('orchestrator-observability')).matchAll(/ExportsOutput\w+/g),
    ].map(([name]) => name)
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.filter((name) => /Agent|Workflow/.test(name))).toEqual([])
  })

  it('keeps what could not be delivered', () => {
    for (const [, { Properties }] of ofType('AWS::Events::Rule')) {
      for (const target of Properties.Targets as object[])
        expect(target).toHaveProperty('DeadLetterConfig.Arn')
    }
  })
})

describe('grants', () => {
  const statements = ofType('AWS::IAM::Policy').flatMap(([id, { Properties }]) =>
    (Properties.PolicyDocument as { Statement: Statement[] }).Statement.map((statement) => ({
      id,
      ...statement,
    })),
  )

  it('allow no action by wildcard', () => {
    const actions = statements.flatMap(({ Action }) => Action)
    expect(actions.length).toBeGreaterThan(50)
    expect(actions.filter((action) => action.includes('*'))).toEqual([])
  })

  it('name their resources, but for what AWS cannot narrow', () => {
    const open = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action)
    expect([...new Set(open)].sort()).toEqual([
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ])
  })

  it('give each function a role of its own', () => {
    const roles = ofType('AWS::Lambda::Function').map(([, { Properties }]) => JSON.stringify(Properties.Role))
    expect(new Set(roles).size).toBe(roles.length)
  })
})

describe('state machines', () => {
  const machines = ofType('AWS::StepFunctions::StateMachine')

  it.each(machines)('%s is accepted by an independent validator', (_id, { Properties }) => {
    const definition = JSON.parse(String(Properties.DefinitionString)) as object
    expect(aslValidator(definition, { checkArn: false }).errorsText()).toBe('')
    expect(Properties.TracingConfiguration).toEqual({ Enabled: true })
  })

  it('are one for each workflow, named after it', () => {
    expect(machines.map(([, { Properties }]) => Properties.StateMachineName)).toEqual(
      [
        'analysis',
        'data_processing',
        'data_report',
        'parallel_analysis',
        'research',
        'research_and_analyze',
        'simple',
      ].map((name) => `orchestrator-${name}`),
    )
  })
})
