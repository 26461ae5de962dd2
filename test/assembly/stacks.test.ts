import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import aslValidator from 'asl-validator'
import { describe, expect, it } from 'vitest'
import { CALLBACK_PATH, HEARTBEAT_PATH } from '../../shared/contracts/callback-requests.ts'
import { pathsOf, type Route } from '../../shared/contracts/route.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
import { ASSEMBLY } from '../support/runner/synthesize-once.ts'

type Resource = {
  Type: string
  Properties: Record<string, unknown>
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
}
type Statement = {
  Effect: string
  Action: string | string[]
  Resource: unknown
  Principal?: unknown
  Condition?: unknown
}

const STACKS = ['orchestrator-data', 'orchestrator-runtime', 'orchestrator-observability']
const templateOf = (stack: string) =>
  JSON.parse(readFileSync(join(ASSEMBLY, `${stack}.template.json`), 'utf8')) as {
    Resources: Record<string, Resource>
  }
const all = STACKS.flatMap((stack) => Object.entries(templateOf(stack).Resources))
const ofType = (type: string) => all.filter(([, resource]) => resource.Type === type)

/** Removes digests, which change with every change of the code. */
function scrubbed(stack: string): string {
  return JSON.stringify(templateOf(stack), null, 1)
    .replaceAll(/[0-9a-f]{64}\.zip/g, '<asset>.zip')
    .replaceAll(/"catalogue": "[0-9a-f]{16}"/g, '"catalogue": "<digest>"')
}

describe('the stacks', () => {
  it.each(STACKS)('%s has not changed unnoticed', async (stack) => {
    await expect(scrubbed(stack)).toMatchFileSnapshot(`__snapshots__/${stack}.json`)
  })

  it('keeps the ids of stateful resources: another id would be another table', () => {
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

  it('retains stateful resources, protected and restorable, even when their first deployment fails', () => {
    for (const [, table] of ofType('AWS::DynamoDB::Table')) {
      expect(table).toMatchObject({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          BillingMode: 'PAY_PER_REQUEST',
        },
      })
    }
    const kept = ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'AWS::Events::EventBus', 'AWS::Events::Archive']
    for (const type of kept) {
      expect(ofType(type).length).toBeGreaterThan(0)
      for (const [, resource] of ofType(type)) expect(resource.DeletionPolicy).toBe('Retain')
    }
    // A machine that could not be registered has never run, so it may be deleted.
    for (const [, { DeletionPolicy }] of ofType('AWS::StepFunctions::StateMachine'))
      expect(DeletionPolicy).toBe('RetainExceptOnCreate')
  })

  it('keeps the access log, also after the API is removed', () => {
    const groups = Object.values(templateOf('orchestrator-data').Resources).filter(
      ({ Type }) => Type === 'AWS::Logs::LogGroup',
    )
    expect(groups).toMatchObject([
      { DeletionPolicy: 'Retain', Properties: { LogGroupName: '/aws/vendedlogs/apis/orchestrator/access' } },
    ])
  })

  it('ends account-wide names with the region', () => {
    const named = all.flatMap(([, { Type, Properties }]) => {
      return Type.startsWith('AWS::IAM::') ? Object.entries(Properties) : []
    })
    const names = named.filter(([property]) => /^(ManagedPolicy|Role|User|Group|Policy)Name$/.test(property))
    const ofAccount = names.filter(([property]) => property !== 'PolicyName')
    const byRegion = (start: string) => [
      'ManagedPolicyName',
      { 'Fn::Join': ['', [start, { Ref: 'AWS::Region' }]] },
    ]
    expect(ofAccount).toEqual(['orchestrator-caller-', 'orchestrator-agent-host-'].map(byRegion))
  })

  it('names no partition: the same templates are deployed to every one', () => {
    for (const stack of STACKS) expect(JSON.stringify(templateOf(stack))).not.toMatch(/arn:aws/)
    for (const [, { Properties }] of ofType('AWS::StepFunctions::StateMachine')) {
      expect(String(Properties.DefinitionString)).toContain('arn:${Partition}:states:::lambda:invoke')
      expect(Properties.DefinitionSubstitutions).toMatchObject({ Partition: { Ref: 'AWS::Partition' } })
    }
  })

  it('encrypts the topic of alarms by a key that CloudWatch may use', () => {
    const [[, topic] = []] = ofType('AWS::SNS::Topic')
    const [[keyId, key] = []] = ofType('AWS::KMS::Key')
    expect(topic?.Properties.KmsMasterKeyId).toEqual({ 'Fn::GetAtt': [keyId, 'Arn'] })
    const policy = key?.Properties.KeyPolicy as { Statement: Statement[] } | undefined
    expect(policy?.Statement).toContainEqual(
      expect.objectContaining({
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Principal: { Service: 'cloudwatch.amazonaws.com' },
      }),
    )
  })

  it('gives machines that are created at run time the logs and tags of the others', () => {
    const [, api] = ofType('AWS::Lambda::Function').find(
      ([, { Properties }]) => Properties.FunctionName === 'orchestrator-api',
    ) as [string, Resource]
    const { MACHINE_LOGS, MACHINE_TAGS } = (
      api.Properties.Environment as { Variables: Record<string, string> }
    ).Variables
    expect(JSON.parse(String(MACHINE_TAGS))).toEqual({ application: 'orchestrator' })
    const names = ofType('AWS::Logs::LogGroup').map(([, { Properties }]) => String(Properties.LogGroupName))
    const name = names.find((one) => one.startsWith('/aws/vendedlogs/states/'))
    expect(JSON.stringify(MACHINE_LOGS)).toContain(`:log-group:${name}:*`)
  })

  it('runs functions on arm64 and Node 24, traced, with a log group that expires', () => {
    expect(ofType('AWS::Lambda::Function')).toHaveLength(28)
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

  it('has no bundle larger than 2.2 MB, but the two that bring an engine along', () => {
    const folder = join(ASSEMBLY, 'bundles')
    // The folder also contains a file that live reload reads.
    const bundles = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const sizes = bundles.map(({ name }) => [name, statSync(join(folder, name, 'index.mjs')).size] as const)
    expect(sizes).toHaveLength(31)
    const most: Record<string, number> = { 'agent-code-check': 8_500_000, 'agent-code-run': 2_500_000 }
    expect(sizes.filter(([name, bytes]) => bytes > (most[name] ?? 2_200_000))).toEqual([])
  })

  it('has exactly the routes of the contract and one for all other requests, each closed but those of callbacks', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties)
    const expected = Object.values<Route>(ROUTES).flatMap((route) =>
      pathsOf(route).map((path) => `${route.method} ${path}`),
    )
    // No OPTIONS: API Gateway answers preflight requests, which are unsigned, itself if no route matches them.
    const others = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'].map((method) => `${method} /{proxy+}`)
    const open = [`POST ${CALLBACK_PATH}`, `POST ${HEARTBEAT_PATH}`]
    expected.push(...others, ...open)
    expect(routes.map(({ RouteKey }) => RouteKey).sort()).toEqual(expected.sort())
    for (const { RouteKey, AuthorizationType } of routes)
      expect(AuthorizationType).toBe(open.includes(String(RouteKey)) ? 'NONE' : 'AWS_IAM')
  })

  it('refers to no agent or workflow from the dashboard: an export in use could not be removed with them', () => {
    const imports = [
      ...JSON.stringify(templateOf('orchestrator-observability')).matchAll(/ExportsOutput\w+/g),
    ].map(([name]) => name)
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.filter((name) => /Agent|Workflow/.test(name))).toEqual([])
  })

  it('notifies the topic of each alarm, which has a runbook', () => {
    const runbooks = readFileSync(join(import.meta.dirname, '../../docs/how-to/operate.md'), 'utf8')
    const alarms = ofType('AWS::CloudWatch::Alarm')
    expect(alarms).toHaveLength(9)
    for (const [, { Properties }] of alarms) {
      const name = String(Properties.AlarmName).replace('orchestrator-', '')
      expect(runbooks).toContain(`### ${name}\n`)
      expect(Properties.AlarmDescription).toContain(`Runbook: docs/how-to/operate.md, "${name}".`)
      expect(Properties.AlarmActions).toHaveLength(1)
    }
  })

  it('lets CloudWatch publish to the alarm topic, in spite of the topic’s own policy', () => {
    const allowed = ofType('AWS::SNS::TopicPolicy').flatMap(([, { Properties }]) =>
      (Properties.PolicyDocument as { Statement: Statement[] }).Statement.filter(
        ({ Effect }) => Effect === 'Allow',
      ),
    )
    expect(allowed).toMatchObject([
      {
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ])
  })

  it('registers again every workflow whose compiled definition changes, also when its source does not', () => {
    const [[, registration] = []] = ofType('Custom::Registration')
    const revisions = Object.values((registration?.Properties.revisions ?? {}) as object)
    expect(revisions).toHaveLength(ofType('AWS::StepFunctions::StateMachine').length)
    for (const revision of revisions)
      expect(revision).toEqual({ 'Fn::GetAtt': [expect.any(String), 'StateMachineRevisionId'] })
  })

  it('has a dead-letter queue for failures of asynchronous invocations', () => {
    const configured = ofType('AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => {
      expect(Properties).toHaveProperty('DestinationConfig.OnFailure.Destination')
      return JSON.stringify(Properties.FunctionName)
    })
    const nameOf = new Map(
      ofType('AWS::Lambda::Function').map(([id, { Properties }]) => [id, Properties.FunctionName]),
    )
    const names = configured.map((reference) => nameOf.get(/"Ref":"(\w+)"/.exec(reference)?.[1] ?? ''))
    expect(names.sort()).toEqual(
      ['audit', 'collect', 'erase', 'finish-task', 'reconcile', 'register'].map(
        (name) => `orchestrator-${name}`,
      ),
    )
  })

  it('throttles the API and logs its callers', () => {
    const properties = ofType('AWS::ApiGatewayV2::Stage').map(([, { Properties }]) => Properties)
    expect(properties).toHaveLength(1)
    expect(properties[0]).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
      AccessLogSettings: { DestinationArn: expect.anything() },
    })
    expect(JSON.stringify(properties)).not.toMatch(/queryString|requestBody|authorizer/i)
  })

  it('encrypts stored data and accepts it by TLS only', () => {
    for (const [, { Properties }] of ofType('AWS::S3::Bucket')) {
      expect(Properties).toHaveProperty('BucketEncryption')
      expect(Properties).toHaveProperty('PublicAccessBlockConfiguration.RestrictPublicBuckets', true)
    }
    const policies = ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'].flatMap(
      ofType,
    )
    expect(policies).toHaveLength(6)
    for (const [, policy] of policies)
      expect(JSON.stringify(policy)).toContain('"aws:SecureTransport":"false"')
  })

  it('puts no secret into a variable', () => {
    for (const [, { Properties }] of ofType('AWS::Lambda::Function')) {
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> }
      expect(Object.keys(Variables).filter((name) => /SECRET|TOKEN|PASSWORD|KEY$/.test(name))).toEqual([])
    }
  })

  it('keeps events that could not be delivered', () => {
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

  it('name their resources, except for actions that AWS cannot restrict', () => {
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

  it('are these and no others, for each function', async () => {
    await expect(grantsByFunction()).toMatchFileSnapshot('__snapshots__/grants.txt')
  })

  it('let the role of machines be passed to Step Functions only', () => {
    const passing = statements.filter(({ Action }) => [Action].flat().includes('iam:PassRole'))
    // The API, and the steps that begin a child workflow of a plan.
    expect(passing).toHaveLength(2)
    for (const one of passing)
      expect(one).toMatchObject({
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^ExecutionRole/), 'Arn'] },
        Condition: { StringEquals: { 'iam:PassedToService': 'states.amazonaws.com' } },
      })
  })

  it('let agents update only items of tasks, and list only files', () => {
    const ofAgents = statements.filter(({ id }) => /^AgentsAgent/.test(id))
    const updates = ofAgents.filter(({ Action }) => [Action].flat().includes('dynamodb:UpdateItem'))
    expect(updates.length).toBeGreaterThan(0)
    for (const { Condition } of updates)
      expect(Condition).toHaveProperty('ForAllValues:StringLike.dynamodb:LeadingKeys')
    const lists = statements.filter(({ Action }) => [Action].flat().includes('s3:ListBucket'))
    expect(lists.length).toBeGreaterThan(0)
    for (const { Condition } of lists) expect(Condition).toHaveProperty('StringLike.s3:prefix')
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
        'board',
        'code_task',
        'data_processing',
        'data_report',
        'debate',
        'goal',
        'incident',
        'long_job',
        'negotiate',
        'parallel_analysis',
        'plan_goal',
        'research',
        'research_and_analyze',
        'simple',
        'triage',
      ].map((name) => `orchestrator-${name}`),
    )
  })
})

/** A line for each grant: `<function>: <action> on <resource>`. */
function grantsByFunction(): string {
  const ownerOf = new Map<string, string>()
  for (const [, { Properties }] of ofType('AWS::Lambda::Function')) {
    const role = (Properties.Role as { 'Fn::GetAtt': string[] })['Fn::GetAtt'][0] ?? ''
    ownerOf.set(role, String(Properties.FunctionName))
  }
  const lines = ofType('AWS::IAM::Policy').flatMap(([, { Properties }]) => {
    const [{ Ref = '' } = {}] = Properties.Roles as { Ref?: string }[]
    const { Statement } = Properties.PolicyDocument as { Statement: Statement[] }
    return linesOf(ownerOf.get(Ref) ?? 'machines', Statement)
  })
  const caller = ofType('AWS::IAM::ManagedPolicy').flatMap(([id, { Properties }]) => {
    return linesOf(`caller (${id})`, (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
  })
  const ofResources = ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'].flatMap(
    (type) =>
      ofType(type).flatMap(([id, { Properties }]) => {
        return linesOf(id, (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
      }),
  )
  const trusted = ofType('AWS::IAM::Role').map(([id, { Properties }]) => {
    const { Statement } = Properties.AssumeRolePolicyDocument as { Statement: Statement[] }
    return `${id}: trusts ${Statement.map(({ Principal }) => JSON.stringify(Principal)).join(', ')}`
  })
  const invoked = ofType('AWS::Lambda::Permission').map(([, { Properties }]) => {
    const { FunctionName, Principal, SourceArn } = Properties
    return `${told(FunctionName)}: invoked by ${Principal} for ${told(SourceArn)}`
  })
  const all = [...lines, ...caller, ...ofResources, ...trusted, ...invoked]
  return `${all.sort().join('\n')}\n`
}

function linesOf(who: string, statements: readonly Statement[]): string[] {
  return statements.flatMap(({ Effect, Action, Resource, Principal, Condition }) =>
    [Action].flat().flatMap((action) =>
      [Resource].flat().map((resource) => {
        const deny = Effect === 'Deny' ? 'DENY ' : ''
        const whom = Principal === undefined ? '' : ` by ${JSON.stringify(Principal)}`
        const when = Condition === undefined ? '' : ` where ${JSON.stringify(Condition)}`
        return `${who}: ${deny}${action} on ${told(resource)}${whom}${when}`
      }),
    ),
  )
}

/** An ARN with its references in angle brackets. */
function told(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const [[intrinsic = '', inner] = []] = Object.entries(value)
  if (intrinsic === 'Fn::Join') return (inner as [string, unknown[]])[1].map(told).join('')
  return `<${[inner]
    .flat()
    .map(told)
    .join('.')
    .replace(/^orchestrator-data:ExportsOutput(Ref|FnGetAtt)/, '')}>`
}
