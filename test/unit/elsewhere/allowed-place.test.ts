import { describe, expect, it } from 'vitest'
import { allowedTo, allowedToAny, issuesOfPlace } from '../../../shared/domain/elsewhere/allowed-place.ts'
import { type Elsewhere, ElsewhereSchema } from '../../../shared/domain/elsewhere/place.ts'
import { ElsewhereSettingsSchema } from '../../../shared/domain/elsewhere/settings.ts'

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:'
const settings = ElsewhereSettingsSchema.parse({
  hosts: ['agents.example.com', '*.run.example.com', 'http://plain.example.com:8080'],
  privateOrigins: ['http://10.0.3.7:8000', 'http://localhost:9000', 'http://[fd12::7]'],
  lambda: [`${ARN}agents-*`, `${ARN}pricing`],
  secrets: ['PRICING'],
  tenants: { acme: { hosts: ['acme.example.net'], lambda: [`${ARN}acme-*`], secrets: ['ACME'] } },
})

const issuesFor = (place: Elsewhere, tenant = 'default') =>
  issuesOfPlace(place, {
    allowed: allowedTo(settings, tenant),
    tenant,
    own: `${ARN}orchestrator-`,
  }).map(({ path }) => path)
const http = (url: string, secret?: string): Elsewhere => ({
  kind: 'http',
  url,
  ...(secret === undefined ? {} : { secret }),
})

describe('a place of an agent', () => {
  it.each<[what: string, place: Elsewhere, tenant?: string]>([
    ['a host', http('https://agents.example.com/pricing')],
    ['a name below a host', http('https://a.b.run.example.com')],
    ['a host without encryption, at its port', http('http://plain.example.com:8080/x')],
    ['a private number', http('http://10.0.3.7:8000/a')],
    ['a private number in decimal, which is the same', http('http://167772935:8000/a')],
    ['this machine', http('http://localhost:9000')],
    ['a private number of IPv6', http('http://[fd12::7]/a')],
    ['a secret', http('https://agents.example.com', 'PRICING')],
    ['a function', { kind: 'lambda', arn: `${ARN}pricing` }],
    ['an alias of it', { kind: 'lambda', arn: `${ARN}pricing:live` }],
    ['a function by a pattern', { kind: 'lambda', arn: `${ARN}agents-x:3` }],
    ['what another tenant is allowed', http('https://acme.example.net', 'ACME'), 'acme'],
    ['a function of another tenant', { kind: 'lambda', arn: `${ARN}acme-x` }, 'acme'],
  ])('is allowed: %s (elsewhere/W1)', (_what, place, tenant) => {
    expect(ElsewhereSchema.safeParse(place).success).toBe(true)
    expect(issuesFor(place, tenant)).toEqual([])
  })

  it.each<[what: string, place: Elsewhere, path: string, tenant?: string]>([
    ['another host', http('https://evil.example.net'), 'url'],
    ['a host that begins alike', http('https://agents.example.com.evil.net'), 'url'],
    ['what a wildcard is below', http('https://run.example.com'), 'url'],
    ['another scheme', http('http://agents.example.com'), 'url'],
    ['another port', http('https://agents.example.com:8443'), 'url'],
    ['another private port', http('http://10.0.3.7:22'), 'url'],
    ['this machine by its number', http('http://127.0.0.1:9000'), 'url'],
    ['a metadata service', http('http://169.254.169.254/latest'), 'url'],
    ['a metadata service in octal', http('http://0251.0376.0251.0376/'), 'url'],
    ['another secret', http('https://agents.example.com', 'OTHER'), 'secret'],
    ['the secret of another tenant', http('https://agents.example.com', 'ACME'), 'secret'],
    ['another function', { kind: 'lambda', arn: `${ARN}billing` }, 'arn'],
    ['a function that begins alike', { kind: 'lambda', arn: `${ARN}pricing2` }, 'arn'],
    ['a function of another region', { kind: 'lambda', arn: `${ARN}agents-x`.replace('-1:', '-2:') }, 'arn'],
    ['a function of another tenant', { kind: 'lambda', arn: `${ARN}acme-x` }, 'arn'],
    ['a host of `default` for another tenant', http('https://agents.example.com'), 'url', 'acme'],
    ['anything for a tenant of whom nothing is said', http('https://agents.example.com'), 'url', 'rival'],
    ['a tenant called as a member of Object', http('https://agents.example.com'), 'url', 'constructor'],
  ])('is refused: %s (elsewhere/W1)', (_what, place, path, tenant) => {
    expect(issuesFor(place, tenant)).toEqual([path])
  })

  it('is never a function of the installation, whatever a pattern says (elsewhere/W2)', () => {
    const wide = ElsewhereSettingsSchema.parse({ lambda: [`${ARN}orch*`] })
    const asked = { allowed: wide, tenant: 'default', own: `${ARN}orchestrator-` }
    for (const name of ['orchestrator-api', 'orchestrator-agent-x:live'])
      expect(issuesOfPlace({ kind: 'lambda', arn: `${ARN}${name}` }, asked)).toMatchObject([
        { message: expect.stringContaining('a function of this installation') },
      ])
    expect(issuesOfPlace({ kind: 'lambda', arn: `${ARN}orchard` }, asked)).toEqual([])
  })

  it('tells what is allowed, and what to write where', () => {
    const [one] = issuesOfPlace(http('https://b.example.net/x'), {
      allowed: allowedTo(settings, 'acme'),
      tenant: 'acme',
      own: 'x',
    })
    expect(one?.message).toBe(
      'it is at https://b.example.net, which is not among the hosts that the stage allows (acme.example.net); add it to agentsElsewhere.tenants.acme.hosts of the stage (or privateOrigins, in a private network) and deploy',
    )
  })

  it.each([
    'ftp://agents.example.com',
    'https://user:key@agents.example.com',
    'https://agents.example.com?key=1',
    'https://agents.example.com?',
    'https://agents.example.com#x',
    'https://agents.example.com./x',
    'agents.example.com',
    'https://',
    '',
    `https://agents.example.com/${'x'.repeat(1_000)}`,
  ])('is not written so: %s', (url) => {
    expect(ElsewhereSchema.safeParse({ kind: 'http', url }).success).toBe(false)
  })
})

describe('what a stage says of agents elsewhere', () => {
  it.each<[what: string, value: object]>([
    ['every function', { lambda: ['*'] }],
    ['every function of an account', { lambda: [`${ARN}*`] }],
    ['a * in the middle', { lambda: [`${ARN}a*b`] }],
    ['a host with a path', { hosts: ['agents.example.com/x'] }],
    ['every host', { hosts: ['*'] }],
    ['an origin with a path', { privateOrigins: ['http://10.0.0.1/x'] }],
    ['an origin with a slash', { privateOrigins: ['http://10.0.0.1/'] }],
    ['a number that is written otherwise', { privateOrigins: ['http://0x0a000001'] }],
    ['a port that is the default', { privateOrigins: ['http://10.0.0.1:80'] }],
    ['what `default` may, twice', { tenants: { default: { hosts: ['a.example.com'] } } }],
    ['a member that nobody knows', { host: [] }],
  ])('is not: %s', (_what, value) => {
    expect(ElsewhereSettingsSchema.safeParse(value).success).toBe(false)
  })

  it('joins what any tenant may, for the function that calls', () => {
    expect(allowedToAny(settings).secrets).toEqual(['PRICING', 'ACME'])
    expect(allowedToAny(settings).lambda).toHaveLength(3)
  })
})
