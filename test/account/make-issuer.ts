/** Makes the key of an issuer for tests: `node test/account/make-issuer.ts FOLDER` writes key.json, which signs, and jwks.json, for its `jwksUri`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeKey, signerOf } from '../scenarios/identity/signer.ts'

const [folder = '.'] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const key = makeKey()
const { publicKey } = await signerOf('https://unused.example.com', key)
writeFileSync(join(folder, 'key.json'), `${JSON.stringify(key)}\n`, { mode: 0o600 })
writeFileSync(join(folder, 'jwks.json'), `${JSON.stringify({ keys: [publicKey] })}\n`)
console.log(
  `${join(folder, 'key.json')} signs; put ${join(folder, 'jwks.json')} where the stage's jwksUri says`,
)
