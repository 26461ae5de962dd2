import { describe, expect, it } from 'vitest'
import { parseStage, StageSchema } from '../../../infra/stage.ts'
import { requireSecrets, secretsFor } from '../../../infra/stage-secrets.ts'
import type { AgentManifest } from '../../../shared/domain/agent.ts'
import { placeOfSecret } from '../../../shared/domain/secret-source.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'

const stageOf = (secrets: string): ReturnType<typeof parseStage> =>
  parseStage('prod', `secrets:\n${secrets}`, {})
const agentOf = (id: string, needs: Partial<NonNullable<AgentManifest['needs']>>) => ({
  entry: '',
  manifest: { ...makeAgent({ id }), needs: { models: [], ...needs } },
})

describe('secrets of a stage', () => {
  it.each([
    ['secretsmanager:prod/openai', { service: 'secretsmanager', id: 'prod/openai' }],
    ['ssm:/prod/openai', { service: 'ssm', id: '/prod/openai' }],
    [
      'ssm:arn:aws:ssm:eu-west-1:111111111111:parameter/prod/openai',
      { service: 'ssm', id: 'arn:aws:ssm:eu-west-1:111111111111:parameter/prod/openai' },
    ],
    [
      '{ from: secretsmanager:prod/db, field: password }',
      { service: 'secretsmanager', id: 'prod/db', field: 'password' },
    ],
  ])('are kept in %s', (written, place) => {
    const { OPENAI } = stageOf(`  OPENAI: ${written}\n`).secrets
    expect(OPENAI && placeOfSecret(OPENAI)).toEqual(place)
  })

  it.each([
    [
      '  OPENAI: prod/openai',
      /line 2.*secrets\.OPENAI: where the secret is kept: secretsmanager:<name or ARN>.*this is "prod\/openai"/s,
    ],
    ['  OPENAI: "ssm:"', /secrets\.OPENAI: where the secret is kept/],
    [
      '  OPENAI: secretsmanager:arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod',
      /secrets\.OPENAI: where the secret is kept/,
    ],
    ['  openai: ssm:/prod/openai', /line 2.*the name of a secret is A-Z, 0-9 and underscores/s],
    ['  OPENAI: { from: ssm:/x }', /secrets\.OPENAI\.field: is required/],
    [
      '  OPENAI: { from: ssm:/x, field: y, key: z }',
      /there is no field "secrets\.OPENAI\.key"; known: field, from/,
    ],
    [`  OPENAI: ssm:/${'x'.repeat(500)}`, /secrets\.OPENAI: .*500 characters/],
    [Array.from({ length: 101 }, (_, at) => `  S${at}: ssm:/x`).join('\n'), /at most 100 secrets/],
  ])('that are wrong are told with their place: %s', (written, message) => {
    expect(() => stageOf(`${written}\n`)).toThrow(message)
  })

  it('come from the command line as JSON', () => {
    const given = { secrets: '{"OPENAI": "secretsmanager:prod/openai"}' }
    expect(parseStage('prod', '', given).secrets).toEqual({ OPENAI: 'secretsmanager:prod/openai' })
    expect(() => parseStage('prod', '', { secrets: 'OPENAI' })).toThrow(
      /--context secrets: it is JSON, e\.g\./,
    )
  })
})

describe('what agents need of them', () => {
  const stage = StageSchema.parse({
    secrets: { OPENAI: 'secretsmanager:prod/openai', DB: 'ssm:/prod/db' },
    webhookSecret: 'house/hooks',
  })

  it('is what they name, and nothing else', () => {
    expect(secretsFor({ secrets: ['DB'] }, stage)).toEqual({ DB: 'ssm:/prod/db' })
    expect(secretsFor({}, stage)).toEqual({})
    expect(secretsFor({ webhooks: true }, stage)).toEqual({ WEBHOOK_SECRET: 'secretsmanager:house/hooks' })
    expect(secretsFor({ webhooks: true }, StageSchema.parse({}))).toEqual({})
  })

  it('and is not mapped is told with the agent, the name, and what to write', () => {
    const agents = [
      agentOf('writer', { secrets: ['OPENAI', 'OPENAL'] }),
      agentOf('buyer', { secrets: ['STRIPE'] }),
    ]
    expect(() => requireSecrets({ agents }, stage, false)).toThrow(
      'agent writer needs secret OPENAL, and the stage does not say where it is kept; did you mean "OPENAI"? (known: DB, OPENAI); write in the stage file: secrets: { OPENAL: secretsmanager:<name of a secret> } or ssm:<name of a parameter>',
    )
    expect(() => requireSecrets({ agents }, stage, false)).toThrow(/agent buyer needs secret STRIPE/)
    expect(() => requireSecrets({ agents }, stage, true)).not.toThrow()
    expect(secretsFor({ secrets: ['STRIPE'] }, stage)).toEqual({ STRIPE: 'secretsmanager:STRIPE' })
  })

  it('fits into the variables of a function', () => {
    const long = Object.fromEntries(
      Array.from({ length: 8 }, (_, at) => [`S${at}`, `ssm:/${'x'.repeat(200)}`]),
    )
    const agents = [agentOf('writer', { secrets: Object.keys(long) })]
    expect(() => requireSecrets({ agents }, StageSchema.parse({ secrets: long }), true)).toThrow(
      /agent writer: where its secrets are kept, and its own variables, take 1\d{3} characters, and 1000 fit/,
    )
  })
})
