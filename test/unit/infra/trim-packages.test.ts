import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import semver from 'semver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BUNDLING } from '../../../infra/bundle-functions.ts'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'
import { trimPackages } from '../../../infra/trim-packages.ts'
import type { Models } from '../../../shared/ports/models.ts'
import { ask, PLAIN } from '../../support/models/asking.ts'
import { bedrockWire } from '../../support/models/bedrock-wire.ts'
import { openaiWire } from '../../support/models/openai-wire.ts'
import { ScriptedServer } from '../../support/models/scripted-server.ts'

const ADAPTERS = join(PACKAGE_ROOT, 'functions/adapters/models')
const SETTINGS = '{ name: "default", id: "model-1", structured: "tool", contextTokens: 8000, provider }'
const ENTRIES = {
  bedrock: `import { bedrockClient, bedrockModel } from '${ADAPTERS}/bedrock.ts'
    const provider = 'bedrock'
    export const model = (endpoint) => bedrockModel(${SETTINGS}, {
      client: bedrockClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }),
    })`,
  openai: `import { openaiCompatibleModel } from '${ADAPTERS}/openai-compatible.ts'
    const provider = 'openai-compatible'
    export const model = (url) => openaiCompatibleModel({ ...${SETTINGS}, url: url + '/v1' })`,
}

let server: ScriptedServer
let folder: string
beforeAll(async () => {
  server = await ScriptedServer.start()
  folder = await mkdtemp(join(tmpdir(), 'trim-'))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function bundle(name: keyof typeof ENTRIES, isTrimmed: boolean) {
  const outfile = join(folder, `${name}-${isTrimmed}.mjs`)
  const { metafile } = await build({
    ...BUNDLING,
    plugins: BUNDLING.plugins.filter((plugin) => isTrimmed || plugin !== trimPackages),
    stdin: { contents: ENTRIES[name], resolveDir: PACKAGE_ROOT, loader: 'ts' },
    sourcemap: false,
    inject: [],
    outfile,
    metafile: true,
  })
  return { outfile, bytes: Object.values(metafile.outputs)[0]?.bytes ?? 0 }
}

test.each([
  ['bedrock', bedrockWire, 100_000],
  ['openai', openaiWire, 250_000],
] as const)(
  'a trimmed bundle with the adapter of %s is smaller, and does what the whole one does',
  async (name, wire, least) => {
    const [whole, trimmed] = [await bundle(name, false), await bundle(name, true)]
    expect(whole.bytes - trimmed.bytes).toBeGreaterThan(least)
    const { model } = (await import(trimmed.outfile)) as { model: (url: string) => Models }
    for (const request of [ask(), ask({ onText: () => undefined })]) {
      server.script(request.onText ? wire.stream(PLAIN) : wire.answer(PLAIN))
      expect(await model(server.url).generate(request)).toEqual(
        await wire.model(server.url).generate(request),
      )
    }
    server.script(wire.failure(429, 'ThrottlingException', { 'retry-after': '3' }))
    await expect(model(server.url).generate(ask())).rejects.toMatchObject({
      name: 'ModelThrottledError',
      details: { retryAfterSeconds: 3 },
    })
  },
)

const COMPARES = ['aws-xray-sdk-core', 'cls-hooked']

test.each(COMPARES)('%s compares whole versions, and asks nothing else of semver', async (name) => {
  const folder = join(PACKAGE_ROOT, 'node_modules', name)
  const texts = await Promise.all(
    (await Array.fromAsync(glob('**/*.js', { cwd: folder, exclude: ['**/test/**', 'node_modules/**'] }))).map(
      (file) => readFile(join(folder, file), 'utf8'),
    ),
  )
  const used = texts.flatMap((text) => text.match(/\bsemver\b(?!['"]|\s*=).{0,5}/g) ?? [])
  expect(used.length).toBeGreaterThan(0)
  expect(used.filter((use) => !use.startsWith('semver.gte('))).toEqual([])
})

test('versions are compared as semver does, for those packages only', async () => {
  const contents = `const semver = require('semver'); module.exports = semver.gte ?? semver`
  const asked = async (importer: string) => {
    const { outputFiles } = await build({
      ...BUNDLING,
      banner: {},
      stdin: { contents, resolveDir: PACKAGE_ROOT, sourcefile: `${importer}/index.js` },
      format: 'cjs',
      sourcemap: false,
      inject: [],
      write: false,
    })
    const module: { exports: unknown } = { exports: {} }
    new Function('module', 'exports', 'require', outputFiles[0]?.text ?? '')(
      module,
      module.exports,
      createRequire(import.meta.url),
    )
    return { gte: module.exports as typeof semver.gte, bytes: outputFiles[0]?.contents.length ?? 0 }
  }
  const [trimmed, whole] = [await asked('node_modules/cls-hooked'), await asked('node_modules/other')]
  expect(whole.bytes).toBeGreaterThan(10_000)
  expect(trimmed.bytes).toBeLessThan(1_000)
  const versions = ['0.0.1', '1.2.3', '1.10.0', '8.0.0', '8.9.10', '24.21.0', '24.21.1', '100.0.0']
  for (const one of versions)
    for (const other of versions) expect(trimmed.gte(one, other)).toBe(semver.gte(one, other))
  expect(trimmed.gte('v24.1.0', '8.0.0')).toBe(true)
})

test.each([
  [
    'of its environment',
    { AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' },
    'AK',
  ],
  ['of its container', { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'container' }, 'CONTAINER'],
  ['of nobody', { AWS_EC2_METADATA_DISABLED: 'true' }, 'Could not load credentials from any providers'],
])('a trimmed bundle has the credentials %s', async (_what, variables, found) => {
  const outfile = join(folder, `credentials-${found.length}.mjs`)
  await build({
    ...BUNDLING,
    stdin: {
      contents: `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
        const { config } = new DynamoDBClient({ region: 'us-east-1' })
        console.log(await config.credentials().then((one) => one.accessKeyId, (error) => error.message))`,
      resolveDir: PACKAGE_ROOT,
      loader: 'ts',
    },
    sourcemap: false,
    inject: [],
    outfile,
  })
  const container = createServer((_request, response) => {
    const keys = { AccessKeyId: 'CONTAINER', SecretAccessKey: 's', Token: 't' }
    response.end(JSON.stringify({ ...keys, Expiration: new Date(Date.now() + 3_600_000).toISOString() }))
  }).listen(0, '127.0.0.1')
  await once(container, 'listening')
  const uri = `http://127.0.0.1:${(container.address() as AddressInfo).port}/`
  const env = Object.fromEntries(
    Object.entries({ ...variables }).map(([name, value]) => [name, value === 'container' ? uri : value]),
  )
  // A profile of the machine is none of a function.
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], { env: { ...env, HOME: folder } })
  container.close()
  expect(stdout.trim()).toContain(found)
})
