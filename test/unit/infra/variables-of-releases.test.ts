import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readModels } from '../../../functions/deps/models/model-settings.ts'
import { readSecretSources } from '../../../functions/deps/secrets/secret-sources.ts'
import { expectedOf } from '../../../infra/expected-of.ts'
import { type EnvironmentName, EnvironmentSchema } from '../../../shared/contracts/environment.ts'

const JSON_OBJECT = /^\{.*\}$/s
const JSON_LIST = /^\[.*\]$/s
const NUMBER = /^\d+$/
const NAME = /^[^\s]+$/

/**
 * How each variable is written, as the first release that has it reads it. A line of it never changes: another way of writing is another variable
 * (environment/V1).
 */
const FORMATS: Readonly<Record<EnvironmentName, RegExp>> = {
  REGISTRY_TABLE: NAME,
  TASKS_TABLE: NAME,
  BUCKET: NAME,
  EVENT_BUS: NAME,
  TENANT_CONCURRENCY: NUMBER,
  TENANT_QUOTAS: JSON_OBJECT,
  TASK_RETENTION_DAYS: NUMBER,
  MAX_FILE_MB: NUMBER,
  MAX_TASK_FILES: NUMBER,
  STATISTICS: /^(shared|own)$/,
  CALLER_ROLES: JSON_LIST,
  AUDIT_FUNCTION: NAME,
  MESSAGES_QUEUE: NAME,
  AUDIT_ANCHOR_DAYS: NUMBER,
  ANCHORS_BUCKET: NAME,
  ANCHOR_KEY: NAME,
  TAKES_KEYS: /^(yes|no)$/,
  IDENTITY: JSON_OBJECT,
  KEEP_TRANSCRIPTS: /^(yes|no)$/,
  PRICES: JSON_OBJECT,
  MODELS: JSON_OBJECT,
  ALLOWED_HOSTS: JSON_LIST,
  EMAIL: JSON_OBJECT,
  WEBHOOK_SECRET: NAME,
  SECRETS: JSON_OBJECT,
  EXPECTED_AGENTS: NUMBER,
  EXPECTED_WORKFLOWS: NUMBER,
  EXPECTED_AGENT_NAMES: /^(#\d+:[0-9a-f]{16}|[\w.-]+(,[\w.-]+)*)?$/,
  EXPECTED_WORKFLOW_NAMES: /^(#\d+:[0-9a-f]{16}|[\w.-]+(,[\w.-]+)*)?$/,
  CALLBACK_URL: NAME,
  MACHINES: NAME,
  MACHINE_ROLE: NAME,
  MACHINE_LOGS: NAME,
  MACHINE_TAGS: JSON_OBJECT,
  AGENTS_ELSEWHERE: JSON_OBJECT,
  ELSEWHERE_FUNCTION: NAME,
  REBIND_FUNCTION: NAME,
  CONTROL_FUNCTION: NAME,
}
const REQUIRED = { REGISTRY_TABLE: 'r', TASKS_TABLE: 't', BUCKET: 'b', EVENT_BUS: 'e' }

type Resource = { Type: string; Properties: { Environment?: { Variables: Record<string, unknown> } } }

describe('a variable of the functions', () => {
  it('is written as earlier releases read it (environment/V1)', () => {
    const snapshot = new URL('../../assembly/__snapshots__/orchestrator-runtime.json', import.meta.url)
    const { Resources } = JSON.parse(readFileSync(snapshot, 'utf8')) as {
      Resources: Record<string, Resource>
    }
    const written = Object.values(Resources).flatMap(({ Properties: { Environment } }) =>
      Object.entries(Environment?.Variables ?? {}),
    )
    const texts = written.filter((one): one is [string, string] => typeof one[1] === 'string')
    const ours = texts.filter(([name]) => Object.hasOwn(FORMATS, name))
    expect(new Set(ours.map(([name]) => name))).toContain('EXPECTED_AGENTS')
    for (const [name, text] of ours) expect(text, name).toMatch(FORMATS[name as EnvironmentName])
  })

  it.each([0, 1, 500])(
    'tells %i expected names in a way that each release reads (environment/V1)',
    (count) => {
      const names = Array.from({ length: count }, (_, at) => `name-${at}`)
      const catalogue = {
        agents: names.map((id) => ({ manifest: { id } })),
        workflows: names.map((name) => ({ workflow: { name } })),
      } as Parameters<typeof expectedOf>[0]
      const written = expectedOf(catalogue)
      for (const [name, text] of Object.entries(written))
        expect(text).toMatch(FORMATS[name as EnvironmentName])
      const read = EnvironmentSchema.parse({ ...REQUIRED, ...written })
      expect(read.EXPECTED_AGENT_NAMES).toEqual(
        count > 200 ? { count, digest: expect.stringMatching(/^[0-9a-f]{16}$/) } : { names },
      )
    },
  )

  it('of a later release fails no function (environment/V2)', () => {
    const later = {
      ...REQUIRED,
      LATER: 'what nobody here knows',
      KEEP_TRANSCRIPTS: 'mostly',
      PRICES: '{"s3Get":1,"laterPrice":"free"}',
      EXPECTED_AGENT_NAMES: '{"names":["a"]}',
      EXPECTED_WORKFLOW_NAMES: '@later',
      EXPECTED_AGENTS: 'later',
    }
    expect(EnvironmentSchema.parse(later)).toMatchObject({
      KEEP_TRANSCRIPTS: 'no',
      PRICES: { s3Get: 1 },
      EXPECTED_AGENT_NAMES: { names: [] },
      EXPECTED_WORKFLOW_NAMES: { names: [] },
    })
  })

  it('has the models that this release can read (environment/V2)', () => {
    const known = { provider: 'bedrock', id: 'a', contextTokens: 1_000 }
    const later = { default: { ...known, thinking: 'deep' }, spare: { ...known, provider: 'later' } }
    const { models, leftOut } = readModels(JSON.stringify(later))
    expect(models).toEqual({ default: { ...known, structured: 'tool' } })
    expect(leftOut).toMatchObject([{ path: expect.stringContaining('provider') }])
    expect(() => readModels('[]')).toThrow('the variable MODELS is []; it must be a JSON object')
  })
  it('has the secrets whose places this release can read (environment/V2)', () => {
    const later = {
      OPENAI: 'secretsmanager:prod/openai',
      DB: { from: 'ssm:/prod/db', field: 'password', later: true },
      NEW: 'vault:x',
    }
    const { sources, leftOut } = readSecretSources(JSON.stringify(later))
    expect(sources).toEqual({
      OPENAI: later.OPENAI,
      DB: { from: 'ssm:/prod/db', field: 'password' },
    })
    expect(leftOut).toMatchObject([{ path: 'NEW' }])
    expect(() => readSecretSources('[]')).toThrow('the variable SECRETS is []; it must be a JSON object')
  })
})
