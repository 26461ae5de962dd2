import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { bundlingOf } from '../../infra/bundle-functions.ts'
import { loadCatalogue } from '../../infra/load-catalogue.ts'
import { startTokenCloud, type TokenCloud } from '../../test/support/cloud/token-cloud.ts'

const MOST_MILLISECONDS = 5
const MOST_BYTES = 30 * 1_024
const WARM_UP = 30

const HELP = `Usage: npm run bench:identity [-- --json OUT] [--requests N]

What the check of a token or a key adds to a warm request (GET /api/v1/health) on the local cloud: the median of N requests (200 without it) each with a token that the gateway has not
seen, less the median of as many with one whose check it has kept; what a request takes that is refused; and the bytes of jose in the bundles. Fails where a check adds more than ${MOST_MILLISECONDS} ms, jose has more than ${MOST_BYTES} bytes in
the authorizer's bundle, or any in that of the API.`

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    requests: { type: 'string', default: '200' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

type Figure = { name: string; value: number; unit: 'ms' | 'bytes'; bar?: number }

const cloud = await startTokenCloud()
try {
  const figures = [...(await times(cloud, Number(values.requests))), ...(await bytes())]
  for (const { name, value, unit, bar } of figures)
    console.log(
      `${name}: ${unit === 'ms' ? value.toFixed(2) : value} ${unit}${bar === undefined ? '' : ` (bar ${bar})`}`,
    )
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ figures }, null, 2)}\n`)
  const over = figures.filter(({ value, bar }) => bar !== undefined && value > bar)
  for (const { name } of over) console.error(`over its bar: ${name}`)
  process.exitCode = over.length > 0 ? 1 : 0
} finally {
  await cloud.stop()
}

/** Requests of each kind in turn, so that what else happens on the machine meets all of them. */
async function times({ apiUrl, issuer, makeKey, pass }: TokenCloud, requests: number): Promise<Figure[]> {
  const kept = await issuer.token()
  const { key } = await makeKey({ scopes: ['admin'] })
  const took = { kept: [] as number[], token: [] as number[], key: [] as number[], refused: [] as number[] }
  const ended = Math.floor(Date.now() / 1_000) - 60
  for (let at = -WARM_UP; at < requests; at++) {
    const [known, token] = [
      await timeOf(apiUrl, kept),
      await timeOf(apiUrl, await issuer.token({ jti: String(at) })),
    ]
    // What is kept of the key ends, and so does what is kept of the token, which is asked for once, untimed.
    pass(60)
    const ofKey = await timeOf(apiUrl, key)
    await timeOf(apiUrl, kept)
    const refused = await timeOf(apiUrl, await issuer.token({ exp: ended, jti: String(at) }), 401)
    if (at < 0) continue
    took.kept.push(known)
    took.token.push(token)
    took.key.push(ofKey)
    took.refused.push(refused)
  }
  const usual = median(took.kept)
  return [
    { name: 'a request whose check is kept', value: usual, unit: 'ms' },
    {
      name: 'a check of a token adds',
      value: median(took.token) - usual,
      unit: 'ms',
      bar: MOST_MILLISECONDS,
    },
    {
      name: 'a request that is refused, its token not seen before',
      value: median(took.refused),
      unit: 'ms',
      bar: usual + MOST_MILLISECONDS,
    },
    { name: 'a check of a key adds', value: median(took.key) - usual, unit: 'ms', bar: MOST_MILLISECONDS },
  ]
}

async function timeOf(url: string, token: string, status = 200): Promise<number> {
  const begun = performance.now()
  const response = await fetch(`${url}/api/v1/health`, { headers: { authorization: `Bearer ${token}` } })
  await response.text()
  if (response.status !== status) throw new Error(`GET /api/v1/health: ${response.status}`)
  return performance.now() - begun
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

async function bytes(): Promise<Figure[]> {
  const bundling = bundlingOf(await loadCatalogue(), '/nowhere')
  const entryPoints = bundling.entryPoints.filter((entry) => /^(api|authorize)\//.test(entry.out))
  const { metafile } = await build({ ...bundling, entryPoints, write: false, metafile: true })
  return Object.entries(metafile.outputs)
    .filter(([path]) => path.endsWith('.mjs'))
    .map(([path, { inputs }]) => {
      const name = path.includes('authorize/') ? 'authorize' : 'api'
      const ofJose = Object.entries(inputs).filter(([input]) => input.includes('node_modules/jose/'))
      const value = ofJose.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0)
      return { name: `jose in ${name}`, value, unit: 'bytes' as const, bar: name === 'api' ? 0 : MOST_BYTES }
    })
}
