import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
import { makeManifest } from '../support/agents/make-agent.ts'

type Statement = { Action: string | string[]; Resource: unknown; Condition?: unknown }
type Template = { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> }

const PLAIN = 'amazon.nova-lite-v1:0'
const GEO = 'eu.anthropic.claude-haiku-4-5-20251001-v1:0'
const GLOBAL = 'global.anthropic.claude-sonnet-4-5-20250929-v1:0'
const OWN = 'arn:aws:bedrock:eu-west-1:111111111111:application-inference-profile/abc123'
const PROVISIONED = 'arn:aws:bedrock:eu-west-1:111111111111:provisioned-model/xyz'
const bedrock = (id: string, more: object = {}) => ({
  provider: 'bedrock',
  id,
  contextTokens: 8_000,
  ...more,
})
const MODELS = {
  plain: bedrock(PLAIN, { price: { input: 1, output: 2 } }),
  geo: bedrock(GEO, { fallback: 'plain' }),
  global: bedrock(GLOBAL),
  own: bedrock(OWN),
  provisioned: bedrock(PROVISIONED),
  local: {
    provider: 'openai-compatible',
    id: 'llama',
    url: 'https://models.example/v1',
    secret: 'models/key',
    contextTokens: 8_000,
  },
}
const AGENTS = {
  none: undefined,
  plain: ['plain'],
  geo: ['geo'],
  global: ['global'],
  arns: ['own', 'provisioned'],
  local: ['local'],
  unknown: ['default'],
  every: ['*'],
}

const outdir = mkdtempSync(join(tmpdir(), 'models-of-agents-'))
let runtime: Template
let stageModels: unknown

beforeAll(() => {
  const bundle = join(outdir, 'bundle')
  mkdirSync(bundle)
  writeFileSync(join(bundle, 'index.mjs'), '')
  const app = new App({ outdir, analyticsReporting: false, context: featureFlags() })
  const stage = StageSchema.parse({ models: MODELS })
  stageModels = stage.models
  const data = new DataStack(app, 'data', { stage })
  const agents = Object.entries(AGENTS).map(([id, models]) => ({
    manifest: manifestOf(id, models),
    entry: '',
  }))
  const stack = new RuntimeStack(app, 'runtime', {
    stage,
    catalogue: { agents, workflows: [] },
    bundles: { folderOf: () => bundle, catalogueDigest: '' },
    data,
  })
  acknowledgeFindings(stage, { data, runtime: stack })
  // A finding that is not acknowledged stops the synthesis.
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  app.synth()
  const file = readdirSync(outdir).find((name) => name === 'runtime.template.json') ?? ''
  runtime = JSON.parse(readFileSync(join(outdir, file), 'utf8')) as Template
}, 120_000)
afterAll(() => rmSync(outdir, { recursive: true, force: true }))

function manifestOf(id: string, models: string[] | undefined): AgentManifest {
  const manifest = makeManifest({ id })
  return { ...manifest, ...(models ? { needs: { models } } : {}) }
}

function functionOf(name: string) {
  const found = Object.values(runtime.Resources).find(
    ({ Type, Properties }) =>
      Type === 'AWS::Lambda::Function' && Properties.FunctionName === `orchestrator-${name}`,
  )
  if (!found) throw new Error(`there is no function ${name}`)
  const { Role, Environment } = found.Properties as {
    Role: { 'Fn::GetAtt': [string, string] }
    Environment: { Variables: Record<string, unknown> }
  }
  return { role: Role['Fn::GetAtt'][0], variables: Environment.Variables }
}

const modelsOf = (name: string): string[] | undefined => {
  const { MODELS: text } = functionOf(name).variables
  return text === undefined ? undefined : Object.keys(JSON.parse(String(text)) as object)
}

/** What a function may do with models and secrets: `actions resource`, and the condition. */
function grantsOf(name: string): string[] {
  const { role } = functionOf(name)
  const statements = Object.values(runtime.Resources)
    .filter(({ Type, Properties }) => {
      return Type === 'AWS::IAM::Policy' && JSON.stringify(Properties.Roles).includes(`"${role}"`)
    })
    .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
    .filter(({ Action }) => [Action].flat().some((action) => /^(bedrock|secretsmanager|kms):/.test(action)))
  return statements.flatMap(({ Action, Resource, Condition }) => {
    const actions = [Action]
      .flat()
      .map((action) => action.split(':')[1])
      .join(',')
    const when = Condition === undefined ? '' : ` if ${flat(Condition)}`
    return [Resource].flat().map((one) => `${actions} ${flat(one)}${when}`)
  })
}

/** JSON with `Fn::Join` over the partition as plain text. */
const flat = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || !('Fn::Join' in inner)) return inner
    const [, parts] = inner['Fn::Join'] as [string, unknown[]]
    return parts.map((part) => (typeof part === 'string' ? part : referredTo(part))).join('')
  }).replace(/^"(.*)"$/, '$1')

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '111111111111',
}
const referredTo = (part: unknown): string => PSEUDO[(part as { Ref?: string }).Ref ?? ''] ?? '?'

const CALL = 'CountTokens,InvokeModel,InvokeModelWithResponseStream'
const place = 'arn:aws:bedrock:eu-west-1'
const byProfile = (arn: string): string => `{"StringEquals":{"bedrock:InferenceProfileArn":"${arn}"}}`

describe('the function of an agent', () => {
  it('that needs no models has neither their settings nor a grant', () => {
    expect(modelsOf('agent-none')).toBeUndefined()
    expect(grantsOf('agent-none')).toEqual([])
  })

  it('has the models that it needs and their fallbacks, with their settings', () => {
    expect(modelsOf('agent-geo')).toEqual(['plain', 'geo'])
    expect(JSON.parse(String(functionOf('agent-every').variables.MODELS))).toEqual(stageModels)
    expect(functionOf('agent-none').variables.PRICES).toBe(
      JSON.stringify({ models: { [PLAIN]: { input: 1, output: 2 } } }),
    )
  })

  it('that needs a name which the stage does not configure has no model, and no grant', () => {
    expect(modelsOf('agent-unknown')).toEqual([])
    expect(grantsOf('agent-unknown')).toEqual([])
  })

  it('may call a model in the region of the stack', () => {
    expect(grantsOf('agent-plain')).toEqual([`${CALL} ${place}::foundation-model/${PLAIN}`])
  })

  it('may call an inference profile, and its model in every region by way of this profile only', () => {
    const profile = `${place}:111111111111:inference-profile/${GEO}`
    expect(grantsOf('agent-geo')).toEqual([
      `${CALL} ${profile}`,
      `${CALL} ${place}::foundation-model/${PLAIN}`,
      `${CALL} arn:aws:bedrock:*::foundation-model/${GEO.slice(3)} if ${byProfile(profile)}`,
    ])
  })

  it('may call the model behind a global profile where it has no region', () => {
    const profile = `${place}:111111111111:inference-profile/${GLOBAL}`
    const model = `foundation-model/${GLOBAL.slice('global.'.length)}`
    expect(grantsOf('agent-global')).toEqual([
      `${CALL} ${profile}`,
      `${CALL} arn:aws:bedrock:*::${model} if ${byProfile(profile)}`,
      `${CALL} arn:aws:bedrock:::${model} if ${byProfile(profile)}`,
    ])
  })

  it("may call what is named by its ARN, and the model behind the account's own profile", () => {
    expect(grantsOf('agent-arns')).toEqual([
      `${CALL} ${OWN}`,
      `${CALL} ${PROVISIONED}`,
      `${CALL} arn:aws:bedrock:*::foundation-model/* if ${byProfile(OWN)}`,
    ])
  })

  it('may read the secret of its model, and nothing of Bedrock', () => {
    const secret = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:models/key-??????'
    const decrypted = JSON.stringify({
      StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' },
      StringLike: { 'kms:EncryptionContext:SecretARN': [secret] },
    })
    expect(grantsOf('agent-local')).toEqual([
      `GetSecretValue ${secret}`,
      `Decrypt arn:aws:kms:eu-west-1:111111111111:key/* if ${decrypted}`,
    ])
    expect(JSON.stringify(functionOf('agent-local').variables)).not.toContain('AbC')
  })
})

it('the API lists all models, and may call none', () => {
  expect(modelsOf('api')).toEqual(Object.keys(MODELS))
  expect(grantsOf('api')).toEqual([])
  for (const name of ['rebind', 'control', 'register']) expect(modelsOf(name)).toBeUndefined()
})
