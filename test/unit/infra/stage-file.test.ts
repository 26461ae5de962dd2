import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { parseStage } from '../../../infra/stage.ts'
import { parseOverrides } from '../../../scripts/deployment/overrides.ts'

const refusal = (text: string, overrides = {}): string => {
  try {
    parseStage('mine', text, overrides)
  } catch (error) {
    return (error as Error).message
  }
  return 'it was accepted'
}

describe('the file of a stage', () => {
  it('keeps what is text as it is written, also where YAML would read a number', () => {
    const text = [
      'account: 012345678901 # with its zero',
      'prefix: "mine"',
      'callerRoles: [007, on]',
      'tags: { version: 1.10, 0815: 0o17, live: true, price: 1e3 }',
    ].join('\n')
    expect(parseStage('mine', text, {})).toMatchObject({
      account: '012345678901',
      callerRoles: ['007', 'on'],
      tags: { version: '1.10', '0815': '0o17', live: 'true', price: '1e3' },
    })
  })

  it('takes origins as browsers send them', () => {
    const allowedOrigins = [
      'https://a.example',
      'https://a.example:8443',
      'http://localhost:3000',
      'http://[::1]:1',
    ]
    expect(parseStage('mine', JSON.stringify({ allowedOrigins }), {})).toMatchObject({ allowedOrigins })
  })

  it('takes numbers with and without quotes, a byte order mark, and nothing at all', () => {
    const text = '\uFEFFtaskRetentionDays: "90"\nrequestsPerSecond: 0x10\nlogRetentionDays: 30\n'
    expect(parseStage('mine', text, { burstRequests: '7', archiveEvents: 'false' })).toMatchObject({
      taskRetentionDays: 90,
      requestsPerSecond: 16,
      logRetentionDays: 30,
      burstRequests: 7,
      archiveEvents: false,
    })
    expect(parseStage('mine', '# all as it is by default\n', {})).toEqual(parseStage('mine', '', {}))
  })

  it.each<[string, string]>([
    [
      'account: 12345678901',
      'line 1, column 10: account: an account is twelve digits, in quotes: "012345678901"; this is "12345678901"',
    ],
    [
      '# a\naccount: 0o123456701234',
      'line 2, column 10: account: an account is twelve digits, in quotes: "012345678901"; this is "0o123456701234"',
    ],
    [
      'account: [1]',
      'line 1, column 10: account: an account is twelve digits, in quotes: "012345678901"; this is ["1"]',
    ],
    [
      'taskRetentionDays: ninety',
      'line 1, column 20: taskRetentionDays: a whole number from 1 to 3650, e.g. 90; this is "ninety"',
    ],
    ['taskRetentionDays: 1.5', 'taskRetentionDays: a whole number from 1 to 3650, e.g. 90; this is 1.5'],
    ['taskRetentionDays: 0', 'taskRetentionDays: a whole number from 1 to 3650, e.g. 90; this is 0'],
    ['taskRetentionDays: true', 'taskRetentionDays: a whole number from 1 to 3650, e.g. 90; this is true'],
    ['taskRetentionDays: ""', 'taskRetentionDays: a whole number from 1 to 3650, e.g. 90; this is ""'],
    ['taskRetentionDays: [9]', 'taskRetentionDays: a whole number from 1 to 3650, e.g. 90; this is [9]'],
    [
      'taskRetentionDays:',
      'taskRetentionDays: it has no value; leave the line out, or give it one: a whole number from 1 to 3650',
    ],
    ['archiveDays: -3', 'archiveDays: a whole number from 1 on, e.g. 30; this is -3'],
    ['requestsPerSecond: lots', 'requestsPerSecond: a number from 1 on, e.g. 100; this is "lots"'],
    ['logRetentionDays: 8', 'logRetentionDays: CloudWatch Logs keeps logs for one of 1, 3, 5'],
    ['logRetentionDays: long', 'days; this is "long"'],
    ['archiveEvents: no', 'line 1, column 16: archiveEvents: true or false; this is "no"'],
    ['region: Frankfurt', 'region: a region is written like eu-central-1; this is "Frankfurt"'],
    [
      'prefix: my-team',
      'prefix: a prefix is a-z and 0-9, starts with a letter, at most 20 characters; this is "my-team"',
    ],
    ['identity: { key: true }', 'there is no field "identity.key"; did you mean "keys"?'],
    ['identity: { keys: 1 }', 'identity.keys: true or false; this is 1'],
    [
      'identity: { issuers: [{ issuer: http://login.example.com, audiences: [o], tenant: a, scopes: [admin] }] }',
      'identity.issuers.0.issuer: an address that begins with https://',
    ],
    [
      'identity: { issuers: [{ issuer: https://a.example, audiences: [], tenant: { claims: t }, scopes: [all] }] }',
      'identity.issuers.0.audiences: who the tokens are for',
    ],
    [
      'identity: { issuers: [{ issuer: https://a.example, audiences: [o], tenant: a, scopes: [all] }] }',
      'identity.issuers.0.scopes.0: a scope is one of tasks:read',
    ],
    [
      'identity: { issuers: [{ issuer: https://a.example, audiences: [o], tenant: { claim: 5 }, scopes: [admin] }] }',
      'identity.issuers.0.tenant.claim: the name of a claim',
    ],
    [
      'tenants: { Acme: {} }',
      'tenants.Acme: a tenant, e.g. acme, or "*" for what holds where a tenant\'s own entry says nothing',
    ],
    ['tenants: { acme: { tasksPerDy: 3 } }', 'tasksPerDay'],
    [
      'tenants: { acme: { keys: many } }',
      'tenants.acme.keys: a whole number from 0 to 100, e.g. 10, or unlimited',
    ],
    ['callerRoles: admin', 'callerRoles: names of roles, or what they are mapped to, e.g. [my-app, '],
    ['callerRoles: [[a]]', 'callerRoles.0: the name of a role, e.g. my-app, or { role: reports-*'],
    ['callerRoles: [{ tenant: acme }]', 'callerRoles.0.role: is required'],
    [
      'callerRoles: [{ role: a, tenant: Acme }]',
      'callerRoles.0.tenant: a tenant is a-z, 0-9 and dashes, begins with a letter, and has at most 40 characters, e.g. acme; this is "Acme"',
    ],
    [
      'callerRoles: [a, { role: b, scopes: [tasks:red] }]',
      'callerRoles.1.scopes.0: a scope is one of tasks:read, tasks:write, ',
    ],
    [
      'callerRoles: [{ role: b, tenants: a }]',
      'there is no field "callerRoles.0.tenants"; did you mean "tenant"?',
    ],
    [
      'callerRoles: [{ role: a/b }]',
      'callerRoles.0.role: the name of an IAM role or user, in which * stands',
    ],
    [
      `callerRoles: [${Array.from({ length: 40 }, (_, at) => `{ role: "${'r'.repeat(50)}${at}", tenant: t }`).join(', ')}]`,
      'callerRoles: models, prices and roles that are mapped travel in variables of a function, 2500 characters at most',
    ],
    ['allowedOrigins: https://a.example', 'allowedOrigins: origins of pages, e.g. [https://app.example.com]'],
    [
      'allowedOrigins: [https://a.example, "*"]',
      'line 1, column 37: allowedOrigins.1: each origin is named: a page of any origin could act for whoever opens it; this is "*"',
    ],
    ['allowedOrigins: ["https://*.example.com"]', 'allowedOrigins.0: each origin is named'],
    ...[
      'https://a.example/',
      'https://a.example/app',
      'https://A.example',
      'https://a.example:443',
      'http://a.example',
      'a.example',
      'null',
      'file:///tmp',
      'chrome-extension://abc',
    ].map((origin): [string, string] => [
      `allowedOrigins: ["${origin}"]`,
      `line 1, column 18: allowedOrigins.0: an origin is https:// and a name in small letters, with its port where it is not 443, and nothing after it, e.g. https://app.example.com; http:// only for localhost; this is "${origin}"`,
    ]),
    [
      'tags: team',
      'tags: names with their values, e.g. { team: research }; only in the file; this is "team"',
    ],
    [
      'alarmEmails: [ops]',
      'line 1, column 15: alarmEmails.0: an address like ops@example.com; this is "ops"',
    ],
    [
      'taskRetentoinDays: 9',
      'line 1, column 1: there is no field "taskRetentoinDays"; did you mean "taskRetentionDays"',
    ],
    ['tags: {}\n"toString": 1', 'line 2, column 1: there is no field "toString"; known: account'],
    ['__proto__: 1', 'line 1, column 1: there is no field "__proto__"'],
    [
      'prices: { lambdaGbSecnd: 1 }',
      'line 1, column 11: there is no field "prices.lambdaGbSecnd"; did you mean "lambdaGbSecond"',
    ],
    [
      'prices:\n  models: { m: { inputs: 1, output: 1 } }',
      'line 2, column 18: there is no field "prices.models.m.inputs"; did you mean "input"',
    ],
    ['prices:\n  models: { m: { output: 1 } }', 'line 2, column 16: prices.models.m.input: is required'],
    [
      'models: fast',
      'line 1, column 9: models: names with their settings, e.g. { default: { provider: bedrock',
    ],
    [
      'models:\n  Fast: { provider: bedrock, id: x, contextTokens: 8000 }',
      'line 2, column 3: models.Fast: a name of a model is a-z, 0-9 and dashes, starts with a letter, at most 32 characters',
    ],
    [
      'models: { fast: { provider: bedrok, id: x, contextTokens: 8000 } }',
      'line 1, column 29: models.fast.provider: Invalid option: expected one of "bedrock"|"openai-compatible"; this is "bedrok"',
    ],
    [
      'models: { fast: { provider: bedrock, id: x, contextToken: 8000 } }',
      'line 1, column 45: there is no field "models.fast.contextToken"; did you mean "contextTokens"',
    ],
    [
      'models: { fast: { provider: bedrock, id: x, contextTokens: 8000, price: { input: 1, outputs: 2 } } }',
      'there is no field "models.fast.price.outputs"; did you mean "output"',
    ],
    ['models: { fast: { provider: bedrock, contextTokens: 8000 } }', 'models.fast.id: is required'],
    [
      'models: { fast: { provider: openai-compatible, id: x, contextTokens: 8000 } }',
      'line 1, column 17: models.fast.url: an openai-compatible model needs the address of its server',
    ],
    [
      'models: { fast: { provider: bedrock, id: x, contextTokens: 8000, fallback: fats } }',
      'line 1, column 76: models.fast.fallback: no model is named "fats"; did you mean "fast"',
    ],
    [
      `models: ${JSON.stringify(Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`m${at}`, { provider: 'bedrock', id: 'x'.repeat(200), contextTokens: 8_000 }])))}`,
      'models: models and prices together travel in variables of a function, 2500 characters at most, and these are',
    ],
    ['- prefix', 'stages/mine.yaml, line 1, column 1: a stage is fields with their values'],
    ['hello', 'stages/mine.yaml, line 1, column 1: a stage is fields with their values'],
    ['prefix: [', 'stages/mine.yaml is not YAML:\n  line 1, column 10: '],
    ['prefix: a\nprefix: b', 'line 2, column 1: Map keys must be unique'],
    ['prefix: !env P', 'line 1, column 9: Unresolved tag: !env'],
    ['a: 1\n---\nb: 2', 'line 2, column 1: Source contains multiple documents'],
  ])('%j is refused with its place, its value and what would be right', (text, message) => {
    expect(refusal(text)).toContain(message)
  })

  it('is refused with all that is wrong with it, bounded, and says what came from the command line', () => {
    const told = refusal(`prefix: "${'x'.repeat(10_000)}"\nretention: 3\n`, { taskRetentionDays: 'ninety' })
    expect(told.length).toBeLessThan(1_500)
    expect(told.split('\n')).toEqual([
      'stages/mine.yaml is not usable:',
      expect.stringMatching(/^ {2}line 1, column 9: prefix: .*characters left out/),
      expect.stringMatching(/^ {2}1 \| prefix: "x{20,}\.\.\.$/),
      '    |         ^',
      '  --context taskRetentionDays: a whole number from 1 to 3650, e.g. 90; this is "ninety"',
      expect.stringMatching(/^ {2}line 2, column 1: there is no field "retention"/),
      '  2 | retention: 3',
      '    | ^',
    ])
  })
})

describe('--context', () => {
  const fast = { provider: 'bedrock', id: 'amazon.nova-lite-v1:0', contextTokens: 8_000 }

  it('says models as JSON, in place of those of the file', () => {
    const overrides = { models: JSON.stringify({ fast }) }
    const text = 'models: { slow: { provider: bedrock, id: 1, contextTokens: no } }'
    expect(parseStage('mine', text, overrides).models).toEqual({ fast: { ...fast, structured: 'tool' } })
  })

  it.each([
    ['fast', 'models: it is JSON, e.g. {"default": {"provider"'],
    [JSON.stringify({ fast: { ...fast, id: '' } }), 'models.fast.id: Too small: expected string to have >=1'],
    [JSON.stringify({ fast: { ...fast, ids: 1 } }), 'there is no field "models.fast.ids"; did you mean "id"'],
    [JSON.stringify({ 'a b': fast }), 'models.a b: a name of a model is a-z, 0-9 and dashes'],
  ])('refuses models that are %s', (models, message) => {
    expect(refusal('', { models })).toContain(`--context ${message}`)
  })

  it('sets fields of the stage, and ignores the CDK’s own context', () => {
    const given = ['logRetentionDays=90', '@aws-cdk/core:x=true', 'placed=a=b', 'prefix=a', 'prefix=b=c']
    expect(parseOverrides(given.flatMap((one) => ['--context', one]))).toEqual({
      logRetentionDays: '90',
      prefix: 'b=c',
    })
  })

  it.each([
    ['logRetentiondays=90', 'a stage has no field "logRetentiondays"; did you mean "logRetentionDays"'],
    ['stage=staging', 'the stage is said first, npm run deploy -- staging'],
    ['logRetentionDays', '--context is <field>=<value>; this is "logRetentionDays"'],
  ])('%s is refused', (given, message) => {
    expect(() => parseOverrides(['--context', given])).toThrow(message)
  })
})

it('is refused by npm run deploy before AWS is asked anything', async () => {
  let asked = 0
  const aws = createServer((_request, response) => {
    asked++
    response.writeHead(403).end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => aws.once('listening', resolve))
  const cwd = mkdtempSync(join(tmpdir(), 'deploy-'))
  const { port } = aws.address() as AddressInfo
  const script = join(import.meta.dirname, '../../../scripts/stage.ts')
  const args = [script, 'deploy', '--context', 'taskRetentionDays=ninety']
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_REGION: 'eu-central-1',
  }
  const child = spawn(process.execPath, args, { cwd, env })
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close')])
  aws.close()
  rmSync(cwd, { recursive: true })
  expect(stderr).toBe(
    'stages/default.yaml is not usable:\n  --context taskRetentionDays: a whole number from 1 to 3650, e.g. 90; this is "ninety"\n',
  )
  expect({ status, asked }).toEqual({ status: 2, asked: 0 })
}, 30_000)
