/** What the command line keeps of sign-ins, and whom it believes where one signs in. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clientAt } from '../../../cli/identity/client-at.ts'
import { keepProfile, profilesFile, readProfiles } from '../../../cli/identity/profiles.ts'
import { STALE_MILLISECONDS, whileHeld } from '../../../cli/identity/while-held.ts'

const ROOT = join(import.meta.dirname, '../../..')
const API = 'https://api.example.com'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'profiles-'))
  vi.stubEnv('XDG_CONFIG_HOME', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

describe('profiles', () => {
  it('are all kept, however many commands keep one at once (held/L1)', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `p${at}`)
    await Promise.all(names.map((name) => keepProfile(name, { url: API, kind: 'key', key: name })))
    expect([...(await readProfiles()).keys()].sort()).toEqual(names.sort())
    const script = `
      import { keepProfile } from ${JSON.stringify(join(ROOT, 'cli/identity/profiles.ts'))}
      for (let at = 0; at < 10; at++) await keepProfile(process.argv[1] + at, { url: ${JSON.stringify(API)}, kind: 'iam' })
    `
    const others = ['a', 'b', 'c'].map((name) =>
      spawn(process.execPath, ['--input-type=module', '-e', script, name], { cwd: ROOT, stdio: 'inherit' }),
    )
    const codes = await Promise.all(others.map(async (child) => (await once(child, 'exit'))[0]))
    expect(codes).toEqual([0, 0, 0])
    expect((await readProfiles()).size).toBe(50)
    expect(existsSync(`${profilesFile()}.lock`)).toBe(false)
  })

  it('are kept also after a command was killed while it held the lock (held/L2)', async () => {
    const lock = `${profilesFile()}.lock`
    mkdirSync(dirname(lock), { recursive: true })
    writeFileSync(lock, '')
    const old = (Date.now() - STALE_MILLISECONDS - 1_000) / 1_000
    utimesSync(lock, old, old)
    await keepProfile('work', { url: API, kind: 'iam' })
    expect([...(await readProfiles()).keys()]).toEqual(['work'])
  })

  it('free the lock where what is done under it fails', async () => {
    const lock = join(folder, 'lock')
    await expect(whileHeld(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await whileHeld(lock, async () => 'yes')).toBe('yes')
    await expect(whileHeld(join(folder, 'none', 'lock'), async () => {})).rejects.toThrow('cannot be made')
  })

  it('stay whole where the file cannot be written', async () => {
    await keepProfile('work', { url: API, kind: 'iam' })
    const before = readFileSync(profilesFile(), 'utf8')
    mkdirSync(`${profilesFile()}.${process.pid}`)
    await expect(keepProfile('other', { url: API, kind: 'iam' })).rejects.toThrow()
    expect(readFileSync(profilesFile(), 'utf8')).toBe(before)
  })
})

describe('the document by which an address names its issuers', () => {
  let server: Server
  let url: string
  let document: object
  beforeEach(async () => {
    server = createServer((_request, response) => response.end(JSON.stringify(document)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  const ISSUER = 'https://login.example.com'
  const client = { issuer: ISSUER, client_id: 'cli', audience: API }
  const right = () => ({
    resource: url,
    authorization_servers: [ISSUER],
    orchestrator_clients: [client],
  })

  it('is believed where it is that of the address', async () => {
    document = right()
    expect(await clientAt(url, undefined)).toEqual(client)
    document = { ...right(), resource: `${url}/` }
    expect(await clientAt(url, ISSUER)).toEqual(client)
  })

  it.each<[string, () => object, string]>([
    ['of another address', () => ({ resource: API }), `shows the document of another address (${API})`],
    ['of another port', () => ({ resource: `${url}0` }), 'shows the document of another address'],
    ['of no address', () => ({ resource: 'here' }), 'shows the document of another address (here)'],
    [
      'with a client of an issuer that it does not name',
      () => ({ orchestrator_clients: [{ ...client, issuer: 'https://evil.example.com' }] }),
      'has a client of https://evil.example.com, which is none of its issuers: https://login.example.com',
    ],
    ['without clients', () => ({ orchestrator_clients: [] }), 'nobody signs in at'],
  ])('is not believed %s', async (_what, more, message) => {
    document = { ...right(), ...more() }
    await expect(clientAt(url, undefined)).rejects.toThrow(message)
  })
})
