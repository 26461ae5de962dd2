import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OAuth2Server } from 'oauth2-mock-server'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'
import type { LocalCloud } from '../../../local/local-cloud.ts'
import type { Scope } from '../../../shared/domain/caller.ts'
import type { IdentitySettings } from '../../../shared/domain/identity-settings.ts'
import { type LocalApi, type LocalApiOptions, startApi } from './local-api.ts'

export const AUDIENCE = 'https://orchestrator.example.com'
/** A key id that the issuer publishes too; its tokens are for who signs by ES256. */
const ELLIPTIC = 'elliptic'

type Claims = Record<string, unknown>

/** An issuer on this machine whose tokens are real. */
export class TestIssuer {
  readonly server: OAuth2Server

  private constructor(server: OAuth2Server) {
    this.server = server
  }

  static async start(): Promise<TestIssuer> {
    const server = new OAuth2Server()
    await server.issuer.keys.generate('RS256', { kid: 'rsa' })
    await server.issuer.keys.generate('ES256', { kid: ELLIPTIC })
    await server.start(0, 'localhost')
    return new TestIssuer(server)
  }

  get url(): string {
    return String(this.server.issuer.url)
  }

  /** A token of ada at acme that may do everything; `claims` and `header` replace what is said otherwise, undefined removes it. */
  token(
    claims: Claims = {},
    { kid = 'rsa', header = {} }: { kid?: string; header?: Claims } = {},
  ): Promise<string> {
    return this.server.issuer.buildToken({
      kid,
      scopesOrTransform: (head, payload) => {
        Object.assign(head, header)
        Object.assign(payload, { aud: AUDIENCE, sub: 'ada', tenant: 'acme', scope: 'admin' }, claims)
        for (const [name, value] of Object.entries(claims)) if (value === undefined) delete payload[name]
      },
    })
  }

  /** Tokens that must open nothing, each by what is wrong with it. */
  async wrongTokens(other: TestIssuer): Promise<Record<string, string>> {
    const right = await this.token()
    const [head = '', body = '', signature = ''] = right.split('.')
    const now = Math.floor(Date.now() / 1_000)
    const publicKey = JSON.stringify(this.server.issuer.keys.toJSON(false)[0])
    return {
      'bad signature': `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      'no signature': `${head}.${body}.`,
      'body of another': `${head}.${(await this.token({ tenant: 'other' })).split('.')[1]}.${signature}`,
      'wrong audience': await this.token({ aud: 'https://else.example.com' }),
      'no audience': await this.token({ aud: undefined }),
      expired: await this.token({ exp: now - 60 }),
      'without end': await this.token({ exp: undefined }),
      'not yet valid': await this.token({ nbf: now + 600 }),
      'without subject': await this.token({ sub: undefined }),
      'alg: none': `${encode({ alg: 'none', typ: 'JWT' })}.${body}.`,
      'alg: none, signed': `${encode({ alg: 'none', typ: 'JWT' })}.${body}.${signature}`,
      'HS256 with the public key': signedBy(publicKey, { alg: 'HS256', typ: 'JWT', kid: 'rsa' }, body),
      'another issuer': await other.token(),
      'another issuer under this name': await other.token({ iss: this.url }),
      'an ID token': await this.token({ at_hash: 'x' }),
      'another type': await this.token({}, { header: { typ: 'logout+jwt' } }),
      'no tenant': await this.token({ tenant: undefined }),
      'a tenant that cannot be': await this.token({ tenant: 'Acme!' }),
      'a key of its own': await this.token({}, { header: { jku: `${other.url}/jwks`, kid: 'unknown' } }),
      'no token at all': 'abc',
      'a very long one': 'a'.repeat(9_000),
    }
  }

  stop = (): Promise<void> => this.server.stop()
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signedBy(secret: string, header: object, body: string): string {
  const text = `${encode(header)}.${body}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

export const identityOf = (issuer: TestIssuer): IdentitySettings => ({
  keys: true,
  issuers: [
    {
      issuer: issuer.url,
      audiences: [AUDIENCE],
      tenant: { claim: 'tenant' },
      scopes: { claim: 'scope' },
      clientId: 'cli',
    },
  ],
})

/** Synthesizes the assembly of a stage with this identity. */
function synthesize(identity: IdentitySettings, context: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'token-assembly-'))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['infra/app.ts'], {
    cwd: PACKAGE_ROOT,
    env: {
      ...process.env,
      CDK_OUTDIR: folder,
      CDK_VALIDATION: 'false',
      ORCHESTRATOR_RULE_PACKS: 'false',
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, identity: JSON.stringify(identity) }),
    },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the stage could not be synthesized:\n${stdout}${stderr}`)
  return folder
}

export type TokenCloud = Omit<LocalApi, 'stop'> & {
  issuer: TestIssuer
  /** Moves on the clock by which the gateway keeps answers of the authorizer. */
  pass(seconds: number): void
  makeKey(body: { name?: string; scopes: Scope[] }): Promise<{ id: string; key: string }>
  stop(): Promise<void>
}

/** A local cloud that asks for tokens and keys, with the issuer that gives them; `context` has further fields of its stage. */
export async function startTokenCloud(
  options: LocalApiOptions = {},
  context: Readonly<Record<string, string>> = {},
): Promise<TokenCloud> {
  const issuer = await TestIssuer.start()
  const assembly = synthesize(identityOf(issuer), context)
  let now = 0
  const api = await startApi({ ...options, assembly, auth: true, now: () => now + performance.now() })
  return {
    ...api,
    issuer,
    pass: (seconds) => {
      now += 1_000 * seconds
    },
    makeKey: ({ name = 'test', scopes }) => makeKey(api, { name, scopes }),
    async stop() {
      await api.stop()
      await issuer.stop()
      rmSync(assembly, { recursive: true, force: true })
    },
  }
}

async function makeKey(cloud: LocalCloud, body: object): Promise<{ id: string; key: string }> {
  const { status, body: made } = await cloud.askAsUser({ method: 'POST', path: '/api/v1/keys', body })
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(made)}`)
  return made as { id: string; key: string }
}
