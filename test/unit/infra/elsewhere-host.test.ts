import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { afterAll, describe, expect, it } from 'vitest'
import { elsewhereHost } from '../../../infra/constructs/elsewhere-host.ts'
import { featureFlags } from '../../../infra/index.ts'
import { DataStack } from '../../../infra/stacks/data-stack.ts'
import { parseStage } from '../../../infra/stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'elsewhere-host-'))
writeFileSync(join(folder, 'index.mjs'), '')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:'

function templateOf(text: string): Template {
  const app = new App({ analyticsReporting: false, context: featureFlags() })
  const stage = parseStage('mine', text, {})
  const data = new DataStack(app, 'data', { stage })
  const scope = new Stack(app, 'runtime')
  elsewhereHost(scope, { stage, data, bundles: { folderOf: () => folder, catalogueDigest: '' } })
  return Template.fromStack(scope)
}

type Statement = { Effect: string; Action: string; Resource: unknown }
/** The statements about invoking functions. */
const invocations = (template: Template): Statement[] =>
  Object.values(template.findResources('AWS::IAM::Policy'))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
    .filter(({ Action }) => Action === 'lambda:InvokeFunction')

describe('the function that calls agents elsewhere', () => {
  it('is in no stage that says nothing of them', () => {
    templateOf('').resourceCountIs('AWS::Lambda::Function', 0)
  })

  it('may invoke what the stage names, with versions and aliases, and nothing of the installation (elsewhere/W2)', () => {
    const template = templateOf(`agentsElsewhere: { lambda: ["${ARN}pricing", "${ARN}agents-*"] }`)
    const [allow, deny, ...rest] = invocations(template)
    expect(rest).toEqual([])
    expect(allow).toEqual({
      Effect: 'Allow',
      Action: 'lambda:InvokeFunction',
      Resource: [`${ARN}agents-*`, `${ARN}pricing`, `${ARN}pricing:*`],
    })
    expect(deny?.Effect).toBe('Deny')
    expect(JSON.stringify(deny?.Resource)).toContain(':function:orchestrator-*')
  })

  it('may invoke no function where the stage names none, and reads exactly the secrets that it names', () => {
    const template = templateOf(
      'secrets: { PRICING: "secretsmanager:prod/pricing", OTHER: "secretsmanager:prod/other" }\n' +
        'agentsElsewhere: { hosts: [agents.example.com], secrets: [PRICING] }',
    )
    expect(invocations(template)).toEqual([])
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'orchestrator-elsewhere',
      Environment: {
        Variables: Match.objectLike({
          SECRETS: '{"PRICING":"secretsmanager:prod/pricing"}',
          AGENTS_ELSEWHERE: '{"hosts":["agents.example.com"],"secrets":["PRICING"]}',
        }),
      },
    })
    const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'))
    expect(policies).toContain('secret:prod/pricing-??????')
    expect(policies).not.toContain('prod/other')
  })

  it('asks whether agents are well as often as the stage says, and never by default', () => {
    templateOf('agentsElsewhere: { hosts: [a.example.com] }').resourceCountIs('AWS::Events::Rule', 0)
    templateOf('agentsElsewhere: { hosts: [a.example.com], probeMinutes: 5 }').hasResourceProperties(
      'AWS::Events::Rule',
      { ScheduleExpression: 'rate(5 minutes)' },
    )
  })

  it('is in the network that the stage names', () => {
    templateOf(
      'agentsElsewhere: { privateOrigins: ["http://10.0.0.1:8000"], vpc: { subnets: [subnet-0123456789abcdef0], securityGroups: [sg-0123456789abcdef0] } }',
    ).hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: { SubnetIds: ['subnet-0123456789abcdef0'], SecurityGroupIds: ['sg-0123456789abcdef0'] },
    })
  })
})
