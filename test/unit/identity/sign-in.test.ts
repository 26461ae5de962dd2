import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Events, OAuth2Server } from 'oauth2-mock-server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { withCredentials } from '../../../cli/identity/credentials.ts'
import { findProfile, keepProfile, type Profile, profilesFile } from '../../../cli/identity/profiles.ts'
import { signInByBrowser, signInByDevice } from '../../../cli/identity/sign-in.ts'
import { type Discovery, discover } from '../../../cli/identity/tokens.ts'

const CLIENT = { clientId: 'cli', audience: 'https://api.example.com', scope: 'openid offline_access' }
const API = 'https://api.example.com'

let server: OAuth2Server
let discovery: Discovery
let folder: string
/** What the device endpoint and the polls answer, in turn. */
let polls: { status: number; body: Record<string, unknown> }[]

beforeAll(async () => {
  server = new OAuth2Server()
  await server.issuer.keys.generate('RS256')
  server.service.addRoute('POST', '/device', (_request, response) => {
    const body = {
      device_code: 'd',
      user_code: 'ABCD-EFGH',
      verification_uri: 'https://login.example.com/device',
      expires_in: 600,
      interval: 5,
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.service.addRoute('POST', '/device-token', (_request, response) => {
    const { status = 500, body = {} } = polls.shift() ?? {}
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await server.start(0, 'localhost')
  discovery = await discover(String(server.issuer.url))
})
afterAll(() => server.stop())

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'profiles-'))
  vi.stubEnv('XDG_CONFIG_HOME', folder)
  for (const name of ['KEY', 'TOKEN', 'PROFILE', 'REGION', 'URL']) vi.stubEnv(`ORCHESTRATOR_${name}`, '')
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** The browser of a person who signs in; `change` alters the address that the issuer sends it to. */
const browse =
  (change: (url: URL) => void = () => {}) =>
  async (address: string) => {
    const { headers } = await fetch(address, { redirect: 'manual' })
    const back = new URL(String(headers.get('location')))
    const asItWas = back.href
    change(back)
    const status = (await fetch(back)).status
    return { status, asItWas }
  }

describe('signing in by a browser', () => {
  it('gets tokens by a code with PKCE', async () => {
    const asked: URL[] = []
    const tokens = await signInByBrowser(discovery, CLIENT, (address) => {
      asked.push(new URL(address))
      void browse()(address)
    })
    expect(tokens).toMatchObject({ access: expect.stringMatching(/^ey/), until: expect.any(Number) })
    const query = Object.fromEntries(asked[0]?.searchParams ?? [])
    expect(query).toMatchObject({
      code_challenge_method: 'S256',
      client_id: 'cli',
      audience: API,
      response_type: 'code',
    })
    expect(query.redirect_uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
  })

  it('takes no code with another state or from another issuer (sign-in/S1)', async () => {
    const statuses: number[] = []
    await signInByBrowser(discovery, CLIENT, async (address) => {
      const wrong = await browse((url) => url.searchParams.set('state', 'guessed'))(address)
      const foreign = await browse((url) => url.searchParams.set('iss', 'https://evil.example'))(address)
      const unreadable = await fetch(`${new URL(foreign.asItWas).origin}//`)
      statuses.push(wrong.status, foreign.status, unreadable.status, (await fetch(foreign.asItWas)).status)
    })
    expect(statuses).toEqual([400, 400, 400, 200])
  })

  it('tells what the issuer refuses', async () => {
    const refused = signInByBrowser(discovery, CLIENT, (address) => {
      void browse((url) => {
        url.searchParams.delete('code')
        url.searchParams.set('error', 'access_denied')
        url.searchParams.set('error_description', 'not you')
      })(address)
    })
    await expect(refused).rejects.toThrow('the issuer refuses: access_denied: not you')
  })
})

describe('signing in by another device', () => {
  const pauses: number[] = []
  const byDevice = (answers: typeof polls) => {
    pauses.length = 0
    polls = answers
    const { url } = server.issuer
    const endpoints = {
      device_authorization_endpoint: `${url}/device`,
      token_endpoint: `${url}/device-token`,
    }
    const shown: string[] = []
    const done = signInByDevice(
      { ...discovery, ...endpoints },
      CLIENT,
      (...told) => shown.push(...told),
      async (pause) => {
        pauses.push(pause)
      },
    )
    return { done, shown }
  }
  const no = (error: string) => ({ status: 400, body: { error } })

  it('asks until somebody has signed in, more slowly when it is told to', async () => {
    const { done, shown } = byDevice([
      no('authorization_pending'),
      no('slow_down'),
      { status: 200, body: { access_token: 'a', refresh_token: 'r', expires_in: 60 } },
    ])
    expect(await done).toMatchObject({ access: 'a', refresh: 'r' })
    expect(shown).toEqual(['https://login.example.com/device', 'ABCD-EFGH'])
    expect(pauses).toEqual([5_000, 5_000, 10_000])
  })

  it.each(['access_denied', 'expired_token'])('ends when the issuer says %s (sign-in/S2)', async (error) => {
    await expect(byDevice([no(error)]).done).rejects.toThrow(`the issuer refuses: ${error}`)
  })

  it('ends after five minutes (sign-in/S2)', async () => {
    const { done } = byDevice(Array.from({ length: 100 }, () => no('authorization_pending')))
    await expect(done).rejects.toThrow('nobody has signed in within five minutes')
    expect(pauses.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(305_000)
  })

  it('is refused where the issuer has none', async () => {
    const { device_authorization_endpoint: _none, ...rest } = discovery
    await expect(signInByDevice(rest, CLIENT, () => {})).rejects.toThrow('leave out --device')
  })
})

describe('a profile', () => {
  const oidc = (more: object = {}): Profile => ({
    ...{ url: API, kind: 'oidc', issuer: String(server.issuer.url), clientId: 'cli' },
    tokens: { access: 'old', until: Date.now() - 1, refresh: 'r', ...more },
  })
  const asks = async (url = `${API}/api/v1/tasks`) =>
    (await withCredentials(new Request(url))).headers.get('authorization')

  it('is kept in a file that its owner alone may read', async () => {
    await keepProfile('work', { url: API, kind: 'key', key: 'k' })
    expect(statSync(profilesFile()).mode & 0o777).toBe(0o600)
    expect(await findProfile('work')).toEqual({ url: API, kind: 'key', key: 'k' })
    await expect(findProfile('wrok')).rejects.toThrow('there is no profile "wrok"; did you mean "work"?')
    await keepProfile('work', undefined)
    await expect(findProfile('work')).rejects.toThrow('there is no profile')
    writeFileSync(profilesFile(), '{')
    await expect(findProfile('work')).rejects.toThrow('is not a file of profiles')
  })

  it('shows its key or token to its own address alone', async () => {
    await keepProfile('work', { url: API, kind: 'key', key: 'k' })
    expect(await asks()).toBeNull()
    vi.stubEnv('ORCHESTRATOR_PROFILE', 'work')
    expect(await asks()).toBe('Bearer k')
    await expect(asks('https://other.example.com/')).rejects.toThrow('is for https://api.example.com')
  })

  it('renews a token that ends, and keeps it', async () => {
    vi.stubEnv('ORCHESTRATOR_PROFILE', 'work')
    await keepProfile('work', oidc({ access: 'fresh', until: Date.now() + 3_600_000 }))
    expect(await asks()).toBe('Bearer fresh')
    await keepProfile('work', oidc())
    const shown = await asks()
    expect(shown).toMatch(/^Bearer ey/)
    expect(readFileSync(profilesFile(), 'utf8')).toContain(String(shown).slice('Bearer '.length))
  })

  it('is renewed once by requests at once, and by what another command has renewed meanwhile', async () => {
    vi.stubEnv('ORCHESTRATOR_PROFILE', 'work')
    await keepProfile('work', oidc())
    let renewals = 0
    const count = (): void => {
      renewals += 1
    }
    server.service.on(Events.BeforeResponse, count)
    const shown = await Promise.all([asks(), asks(), asks()])
    server.service.off(Events.BeforeResponse, count)
    expect(renewals).toBe(1)
    expect(new Set(shown).size).toBe(1)
    await keepProfile('work', oidc())
    const other = oidc({ access: 'theirs', until: Date.now() + 3_600_000, refresh: 'next' })
    server.service.once(Events.BeforeResponse, (response) => {
      Object.assign(response, { statusCode: 400, body: { error: 'invalid_grant' } })
      writeFileSync(profilesFile(), JSON.stringify({ profiles: { work: other } }))
    })
    expect(await asks()).toBe('Bearer theirs')
  })

  it('whose sign-in has ended says how to sign in again', async () => {
    vi.stubEnv('ORCHESTRATOR_PROFILE', 'work')
    server.service.once(Events.BeforeResponse, (response) => {
      Object.assign(response, {
        statusCode: 400,
        body: { error: 'invalid_grant', error_description: 'revoked' },
      })
    })
    await keepProfile('work', oidc())
    const again = `sign in again: npx orchestrator login ${API} --profile work`
    await expect(asks()).rejects.toThrow(`has ended (invalid_grant: revoked); ${again}`)
    await keepProfile('work', oidc({ refresh: undefined }))
    await expect(asks()).rejects.toThrow(`has expired; ${again}`)
  })
})

describe('the environment', () => {
  const asks = async (url: string) => (await withCredentials(new Request(url))).headers.get('authorization')

  it.each([
    ['ORCHESTRATOR_KEY', 'orc_x'],
    ['ORCHESTRATOR_TOKEN', 'ey.x.y'],
  ])('%s is shown over TLS and to this machine alone', async (name, value) => {
    vi.stubEnv(name, value)
    for (const url of [
      'https://api.example.com',
      'http://localhost:8000',
      'http://127.0.0.1:1',
      'http://[::1]:1',
    ])
      expect(await asks(url)).toBe(`Bearer ${value}`)
    for (const url of ['http://api.example.com', 'http://localhost.example.com'])
      await expect(asks(url)).rejects.toThrow('is not asked by https')
  })

  it('says one of key and token, in characters that both have', async () => {
    vi.stubEnv('ORCHESTRATOR_KEY', 'a\nx: y')
    await expect(asks(API)).rejects.toThrow('has characters that none has')
    vi.stubEnv('ORCHESTRATOR_TOKEN', 'b')
    await expect(asks(API)).rejects.toThrow('are both set')
  })

  it('has requests signed behind a domain of one’s own by its region', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIA')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
    expect(await asks(API)).toBeNull()
    vi.stubEnv('ORCHESTRATOR_REGION', 'eu-central-1')
    expect(await asks(API)).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIA\/\d{8}\/eu-central-1\/execute-api\//)
    expect(await asks('https://x.execute-api.us-west-2.amazonaws.com/')).toContain('/us-west-2/execute-api/')
  })
})

it('asks no issuer without TLS, and none that is another', async () => {
  await expect(discover('http://login.example.com')).rejects.toThrow('is not asked by https')
  await expect(discover(`${server.issuer.url}/`)).rejects.toThrow('is not the document of the issuer')
})
