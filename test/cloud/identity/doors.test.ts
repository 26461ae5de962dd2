/** The door for tokens and keys on the local cloud: every route, with every token that must not open it; tokens are real ones. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Events } from 'oauth2-mock-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METADATA_PATH } from '../../../shared/contracts/resource-metadata.ts'
import { pathsOf } from '../../../shared/contracts/route.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { missingOf, openAccountDoor } from '../../account/identity-of-account.ts'
import { type IdentityDoor, openIdentityDoor } from '../../scenarios/identity/identity-door.ts'
import { AFTER_A_MINUTE, IDENTITY } from '../../scenarios/identity/lives.ts'
import { AUDIENCE } from '../../scenarios/identity/signer.ts'
import { startCli } from '../../support/cloud/start-cli.ts'
import { startTokenCloud, TestIssuer, type TokenCloud } from '../../support/cloud/token-cloud.ts'

/** Some scenarios of each kind. */
const QUICK = /^(getTask |listKeys |opens to|keeps two tenants)/

let cloud: TokenCloud
let other: TestIssuer
let door: IdentityDoor

beforeAll(async () => {
  cloud = await startTokenCloud()
  other = await TestIssuer.start()
  const passMinute = async () => cloud.pass(60)
  door = await openIdentityDoor({ url: cloud.apiUrl, signer: cloud.issuer, other, passMinute })
}, 180_000)
afterAll(async () => {
  await other.stop()
  await cloud.stop()
})

describe('the door', () => {
  it.for([...IDENTITY, AFTER_A_MINUTE])('$name', ({ run }) => run(door))
})

it('opens by a key in a file, as the tests of an account sign (test/account)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'issuer-'))
  try {
    const file = join(folder, 'key.json')
    const [key] = cloud.issuer.server.issuer.keys.toJSON(true)
    writeFileSync(file, JSON.stringify(key))
    const variables = {
      ORCHESTRATOR_TOKENS_URL: `${cloud.apiUrl}/`,
      ORCHESTRATOR_ISSUER: cloud.issuer.issuer,
      ORCHESTRATOR_ISSUER_KEY: file,
    }
    expect(missingOf({ ...variables, ORCHESTRATOR_ISSUER: '' })).toEqual(['ORCHESTRATOR_ISSUER'])
    const account = { ...(await openAccountDoor(variables)), passMinute: async () => cloud.pass(60) }
    expect(account.owned.taskId).not.toBe(door.owned.taskId)
    const quick = IDENTITY.filter((one) => QUICK.test(one.name))
    expect(quick.length).toBeGreaterThan(6)
    for (const { name, run } of [...quick, AFTER_A_MINUTE])
      await run(account).catch((error: unknown) => {
        throw new Error(`${name}: ${String(error)}`)
      })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('opens by RS256 and ES256, with any of the usual types, as its tenant', async () => {
  const { issuer: signer } = cloud
  const tokens = [
    await signer.token(),
    await signer.token({}, { kid: 'elliptic' }),
    await signer.token({}, { typ: 'at+jwt' }),
    await signer.token({ aud: ['x', AUDIENCE] }),
  ]
  const { ask, owned } = door
  for (const token of tokens) expect((await ask('GET', `/tasks/${owned.taskId}`, token)).status).toBe(200)
  for (const path of pathsOf(ROUTES.getLinks)) {
    const headers = { authorization: `bearer ${tokens[0]}` }
    expect((await fetch(`${cloud.apiUrl}${path}`, { headers })).status).toBe(200)
  }
})

it('writes no key and no token to a log', async () => {
  const { key } = await cloud.makeKey({ scopes: ['admin'] })
  const token = await cloud.issuer.token()
  for (const secret of [key, token]) await door.ask('GET', '/tasks', secret)
  const logs = cloud.logs.join('')
  expect(logs).toContain('admitted')
  for (const secret of [key.split('_')[2] ?? '', token.split('.')[2] ?? ''])
    expect(logs).not.toContain(secret)
})

describe('the command line', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'profiles-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    startCli(args, { XDG_CONFIG_HOME: folder, ORCHESTRATOR_URL: '', ...env })

  it('signs in at the issuer that the door names, and is known from then on', async () => {
    cloud.issuer.server.service.on(Events.BeforeTokenSigning, ({ payload }) => {
      Object.assign(payload, {
        aud: 'https://orchestrator.example.com',
        sub: 'ada',
        tenant: 'acme',
        scope: 'tasks:read',
      })
      delete payload.at_hash
    })
    const { child, outcome } = run(['login', cloud.apiUrl, '--no-browser', '--profile', 'work'])
    const address = new Promise<string>((resolve) => {
      child.stdout?.on('data', (text: string) => {
        const [, found] = /sign in at (\S+)/.exec(text) ?? []
        if (found) resolve(found)
      })
    })
    await fetch(await address)
    expect(await outcome).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the profile "work" is for'),
    })
    const listed = await run(['list', '--json', '--profile', 'work']).outcome
    expect(listed.code, listed.stderr).toBe(0)
    expect(JSON.parse(listed.stdout)).toMatchObject({
      tasks: expect.arrayContaining([expect.objectContaining({ taskId: door.owned.taskId })]),
    })
    const refused = await run(['keys', 'list', '--profile', 'work']).outcome
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('needs the scope "keys:write"'),
    })
    expect((await run(['logout', '--profile', 'work']).outcome).code).toBe(0)
    expect((await run(['list', '--profile', 'work']).outcome).stderr).toContain('there is no profile "work"')
  })

  it('shows a key of the environment, and says how to sign in without one', async () => {
    const { key } = await cloud.makeKey({ scopes: ['admin'] })
    const env = { ORCHESTRATOR_URL: cloud.apiUrl }
    const made = await run(['keys', 'create', 'ci', '--scope', 'tasks:read', '--json'], {
      ...env,
      ORCHESTRATOR_KEY: key,
    }).outcome
    const { id, key: other } = JSON.parse(made.stdout)
    expect((await run(['list'], { ...env, ORCHESTRATOR_KEY: other }).outcome).code).toBe(0)
    const rotated = await run(['keys', 'rotate', id, '--overlap', '5'], { ...env, ORCHESTRATOR_KEY: key })
      .outcome
    expect(rotated.stdout).toMatch(/^orc_/)
    expect((await run(['keys', 'revoke', id], { ...env, ORCHESTRATOR_KEY: key }).outcome).stdout).toContain(
      'is revoked',
    )
    expect((await run(['keys', 'list'], { ...env, ORCHESTRATOR_KEY: key }).outcome).stdout).toContain(
      'tasks:read',
    )
    const refused = await run(['list'], env).outcome
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npx orchestrator login <url>'),
    })
  })
})

it('names the client that the command line signs in with', async () => {
  const response = await fetch(`${cloud.apiUrl}${METADATA_PATH}`)
  expect(await response.json()).toMatchObject({
    resource: cloud.apiUrl,
    authorization_servers: [cloud.issuer.issuer],
    orchestrator_clients: [{ issuer: cloud.issuer.issuer, client_id: 'cli', audience: AUDIENCE }],
  })
})
