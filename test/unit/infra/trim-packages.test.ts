import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
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
  ['bedrock', bedrockWire, 12_000],
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
