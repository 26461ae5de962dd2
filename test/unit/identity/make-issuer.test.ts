import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { keySets } from '../../../functions/adapters/oidc/key-sets.ts'
import { oidcTokens } from '../../../functions/adapters/oidc/tokens.ts'
import { IssuerSchema } from '../../../shared/domain/identity-settings.ts'
import { signerOf } from '../../scenarios/identity/signer.ts'

it('makes a key for the tests of an account, whose tokens count by what it tells to publish', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'issuer-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const script = join(import.meta.dirname, '../../account/make-issuer.ts')
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  const [key, jwks] = ['key.json', 'jwks.json'].map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(statSync(join(folder, 'key.json')).mode & 0o077).toBe(0)
  for (const secret of ['d', 'p', 'q']) expect(jwks).not.toContain(`"${secret}"`)
  const settings = {
    issuer: 'https://tests.example.com',
    jwksUri: 'https://keys.example.com/jwks.json',
    audiences: ['https://orchestrator.example.com'],
    tenant: { claim: 'tenant' },
    scopes: { claim: 'scope' },
  }
  const fetch = async () => new Response(jwks)
  const keys = keySets({ fetch, now: Date.now })
  const tokens = oidcTokens({ issuers: [IssuerSchema.parse(settings)], keys, now: Date.now })
  const signer = await signerOf(settings.issuer, JSON.parse(key ?? ''))
  expect(await tokens.verifyToken(await signer.token())).toMatchObject({ subject: 'ada' })
  const other = await signerOf(settings.issuer)
  expect(await tokens.verifyToken(await other.token())).toMatchObject({ refused: expect.any(String) })
})
