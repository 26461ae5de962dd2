import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OAuth2Server } from 'oauth2-mock-server'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'
import type { LocalCloud } from '../../../local/local-cloud.ts'
import type { Scope } from '../../../shared/domain/caller.ts'
import type { IdentitySettings } from '../../../shared/domain/identity-settings.ts'
import { AUDIENCE, type Claims, type Head, type Signer, USUAL } from '../../scenarios/identity/signer.ts'
import type { Template } from './copy-project.ts'
import { addHostedAgents, type Hosted, type Registration } from './hosted-agents.ts'
import { type LocalApi, type LocalApiOptions, startApi } from './local-api.ts'

/** A key id that the issuer publishes too; its tokens are for who signs by ES256. */
const ELLIPTIC = 'elliptic'

/** An issuer on this machine whose tokens are real. */
export class TestIssuer implements Signer {
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

  get issuer(): string {
    return String(this.server.issuer.url)
  }

  get publicKey(): Record<string, unknown> {
    const [key = {}] = this.server.issuer.keys.toJSON(false)
    return { ...key }
  }

  /** `claims` and `header` replace what is said otherwise; the header's `kid` also says which key signs, unless it is none of the issuer's. */
  async token(claims: Claims = {}, header: Head = {}): Promise<string> {
    const kid = header.kid === ELLIPTIC ? ELLIPTIC : 'rsa'
    return this.server.issuer.buildToken({
      kid,
      scopesOrTransform: (head, payload) => {
        Object.assign(head, header)
        Object.assign(payload, USUAL, claims)
        for (const [name, value] of Object.entries(claims)) if (value === undefined) delete payload[name]
      },
    })
  }

  stop = (): Promise<void> => this.server.stop()
}

export const identityOf = ({ issuer }: Signer): IdentitySettings => ({
  keys: true,
  issuers: [
    {
      issuer,
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
  /** How each agent of another app is registered. */
  hosted: readonly Registration[]
  /** Moves on the clock by which the gateway keeps answers of the authorizer. */
  pass(seconds: number): void
  makeKey(body: { name?: string; scopes: Scope[] }): Promise<{ id: string; key: string }>
  stop(): Promise<void>
}

/**
 * A local cloud that asks for tokens and keys, with the issuer that gives them; `context` has further fields of its stage, `alter` changes its
 * stacks, `agents` are those that another app deploys beside it.
 */
export async function startTokenCloud(
  options: LocalApiOptions = {},
  context: Readonly<Record<string, string>> = {},
  alter?: (template: Template) => void,
  agents: readonly Hosted[] = [],
): Promise<TokenCloud> {
  const issuer = await TestIssuer.start()
  const assembly = synthesize(identityOf(issuer), context)
  if (alter) changeTemplate(join(assembly, 'orchestrator-runtime.template.json'), alter)
  const hosted = agents.length > 0 ? await addHostedAgents(assembly, agents) : []
  let now = 0
  const api = await startApi({ ...options, assembly, auth: true, now: () => now + performance.now() })
  return {
    ...api,
    issuer,
    hosted,
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

function changeTemplate(file: string, alter: (template: Template) => void): void {
  const template = JSON.parse(readFileSync(file, 'utf8')) as Template
  alter(template)
  writeFileSync(file, JSON.stringify(template))
}

async function makeKey(cloud: LocalCloud, body: object): Promise<{ id: string; key: string }> {
  const { status, body: made } = await cloud.askAsUser({ method: 'POST', path: '/api/v1/keys', body })
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(made)}`)
  return made as { id: string; key: string }
}
