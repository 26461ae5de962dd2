import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAdvisoryList } from '../../../scripts/advisories/advisory-list.ts'
import { makeReport } from '../../../scripts/advisories/make-report.ts'
import { parseProductionPackages } from '../../../scripts/advisories/production-packages.ts'

const ROOT = join(import.meta.dirname, '../../..')
const folder = mkdtempSync(join(tmpdir(), 'advisories-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** lib 1.0.0 needs deep, and bundles 1.5.0 beside the 2.0.0 at the top level; `old` is an alias of deep 1.0.0. */
const LOCK = {
  name: 'planted',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: {
    '': {
      name: 'planted',
      version: '1.0.0',
      dependencies: { lib: '1.0.0', deep: '2.0.0', old: 'npm:deep@1.0.0' },
      devDependencies: { tool: '1.0.0' },
      optionalDependencies: { extra: '1.0.0' },
    },
    'node_modules/lib': { version: '1.0.0', dependencies: { deep: '^1.0.0' } },
    'node_modules/lib/node_modules/deep': { version: '1.5.0' },
    'node_modules/deep': { version: '2.0.0' },
    'node_modules/old': { name: 'deep', version: '1.0.0' },
    'node_modules/extra': { version: '1.0.0', optional: true, dependencies: { '@scope/inner': '1.0.0' } },
    'node_modules/@scope/inner': { version: '1.0.0-rc.1', optional: true },
    'node_modules/tool': { version: '1.0.0', dev: true },
  },
}
const advisory = (name: string, vulnerable: string, more: object = {}) => ({
  id: 'GHSA-aaaa-bbbb-cccc',
  aliases: ['CVE-2026-0001'],
  package: name,
  vulnerable,
  fixed: '9.0.0',
  summary: 'code through an expression',
  url: 'https://example.com/advisory',
  ...more,
})
const acceptance = (installedAs: string) => ({
  advisories: ['CVE-2026-0001'],
  package: 'deep',
  installedAs,
  versions: '<1.6.0',
  why: 'only what our own compiler wrote reaches it, and a guard refuses all else',
})
const today = new Date().toISOString().slice(0, 10)
const NO_ENDPOINT = 'http://127.0.0.1:1'

const report = (list: object, nowMs = Date.now()) =>
  makeReport(
    parseAdvisoryList(JSON.stringify({ asOf: today, accepted: [], advisories: [], ...list })),
    parseProductionPackages(JSON.stringify(LOCK)),
    { status: 'unreachable', reason: 'no network' },
    nowMs,
  )

/** Runs the real script as a child process, with the real npm client against `registry`. */
async function check(list: object, { registry = NO_ENDPOINT, timeoutSeconds = 20 } = {}) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(LOCK.packages['']))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(LOCK))
  writeFileSync(
    join(folder, 'list.json'),
    JSON.stringify({ asOf: today, accepted: [], advisories: [], ...list }),
  )
  const args = [
    '--folder',
    folder,
    '--list',
    join(folder, 'list.json'),
    '--npm-timeout-seconds',
    `${timeoutSeconds}`,
  ]
  const env = { ...process.env, npm_config_registry: registry, npm_config_cache: join(folder, 'cache') }
  return new Promise<{ code: number; lines: string[] }>((resolve) => {
    execFile(
      process.execPath,
      [join(ROOT, 'scripts/advisories.ts'), ...args],
      { env },
      (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), lines: `${stdout}${stderr}`.trim().split('\n') }),
    )
  })
}

async function withRegistry<T>(listener: RequestListener, use: (registry: string) => Promise<T>): Promise<T> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe('the check of advisories', { timeout: 60_000 }, () => {
  const found =
    'GHSA-aaaa-bbbb-cccc, CVE-2026-0001, code through an expression; fixed in 9.0.0; https://example.com/advisory'
  it.each<[string, object, number, string[]]>([
    ['passes when nothing is known', {}, 0, []],
    [
      'names a direct dependency',
      { advisories: [advisory('deep', '=2.0.0')] },
      1,
      [`vulnerable: deep 2.0.0 (deep): ${found}`],
    ],
    [
      'names the way to a transitive one',
      { advisories: [advisory('deep', '>=1.5.0 <2.0.0')] },
      1,
      [`vulnerable: deep 1.5.0 (lib > deep): ${found}`],
    ],
    [
      'knows an alias by its real name',
      { advisories: [advisory('deep', '<1.5.0')] },
      1,
      [`vulnerable: deep 1.0.0 (old): ${found}`],
    ],
    [
      'looks at optional ones, and at pre-releases',
      { advisories: [advisory('@scope/inner', '<2.0.0')] },
      1,
      [`vulnerable: @scope/inner 1.0.0-rc.1 (extra > @scope/inner): ${found}`],
    ],
    ['leaves development dependencies out', { advisories: [advisory('tool', '*', { fixed: null })] }, 0, []],
    [
      'says when no version is fixed',
      { advisories: [advisory('lib', '*', { fixed: null })] },
      1,
      [`vulnerable: lib 1.0.0 (lib): ${found.replace('fixed in 9.0.0', 'see there for a fixed version')}`],
    ],
    [
      'prints an accepted alias with its reason',
      { advisories: [advisory('deep', '<1.5.0')], accepted: [acceptance('old')] },
      0,
      [`accepted: deep 1.0.0 as old (GHSA-aaaa-bbbb-cccc): ${acceptance('old').why}`],
    ],
    [
      'accepts one name, not the copy beside it',
      { advisories: [advisory('deep', '<2.0.0')], accepted: [acceptance('old')] },
      1,
      [
        `vulnerable: deep 1.5.0 (lib > deep): ${found}`,
        `accepted: deep 1.0.0 as old (GHSA-aaaa-bbbb-cccc): ${acceptance('old').why}`,
      ],
    ],
    [
      'fails on an acceptance that covers nothing',
      { advisories: [advisory('deep', '<0.5.0')], accepted: [acceptance('old')] },
      1,
      ['accepted for nothing: no deep <1.6.0 is installed as old and vulnerable; take it out of the list'],
    ],
  ])('%s', (_, list, code, expected) => {
    const { lines, failed } = report(list)
    expect(lines.slice(0, -2)).toEqual(expected)
    expect(failed).toBe(code === 1)
    expect(lines.slice(-2)).toEqual([
      `npm's advisories could not be asked (no network): only the list of ${today} was`,
      `6 production packages, ${(list as { advisories?: [] }).advisories?.length ?? 0} advisories in the list, 0 more from npm`,
    ])
  })

  it('warns of a list older than 180 days, and passes', () => {
    const atAge = (days: number) =>
      report({ asOf: '2026-01-01' }, Date.parse('2026-01-01') + days * 24 * 3_600_000)
    expect(atAge(180).lines).toHaveLength(2)
    expect(atAge(181)).toMatchObject({ failed: false })
    expect(atAge(181).lines[0]).toBe(
      'warning: the list of advisories is of 2026-01-01, 181 days old: renew it (docs/pins.md)',
    )
  })

  it('says that the registry is unreachable, and uses the list', async () => {
    const { code, lines } = await check({ advisories: [advisory('deep', '=2.0.0')] })
    expect(code).toBe(1)
    expect(lines).toEqual([
      `vulnerable: deep 2.0.0 (deep): ${found}`,
      expect.stringMatching(/^npm's advisories could not be asked \(.*ECONNREFUSED.*\): only the list of /),
      '6 production packages, 1 advisories in the list, 0 more from npm',
    ])
  })

  it('waits no longer than told for an endpoint that never answers', async () => {
    const { code, lines } = await withRegistry(
      () => {},
      (registry) =>
        check({ advisories: [advisory('lib', '*', { fixed: null })] }, { registry, timeoutSeconds: 1 }),
    )
    expect(code).toBe(1)
    expect(lines[0]).toContain('vulnerable: lib 1.0.0')
    expect(lines[1]).toBe(
      `npm's advisories could not be asked (no answer within 1 s): only the list of ${today} was`,
    )
  })

  it('adds npm’s advisories to the list, also with wider ranges, and applies acceptances to them', async () => {
    const told = (id: string, range: string) => ({
      id: 1,
      url: `https://github.com/advisories/${id}`,
      title: 'told by npm',
      severity: 'high',
      vulnerable_versions: range,
      cwe: [],
      cvss: { score: 0, vectorString: null },
    })
    const body = {
      deep: [told('GHSA-aaaa-bbbb-cccc', '<1.5.0')],
      lib: [told('GHSA-dddd-eeee-ffff', '<=1.0.0')],
    }
    const { code, lines } = await withRegistry(
      (request, response) => {
        response.statusCode = request.url?.endsWith('/advisories/bulk') ? 200 : 404
        response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
      },
      (registry) =>
        check({ advisories: [advisory('deep', '<0.5.0')], accepted: [acceptance('old')] }, { registry }),
    )
    expect(code).toBe(1)
    expect(lines).toEqual([
      'vulnerable: lib 1.0.0 (lib): GHSA-dddd-eeee-ffff, told by npm; see there for a fixed version; https://github.com/advisories/GHSA-dddd-eeee-ffff',
      `accepted: deep 1.0.0 as old (GHSA-aaaa-bbbb-cccc): ${acceptance('old').why}`,
      '6 production packages, 1 advisories in the list, 1 more from npm',
    ])
  })
})

describe('the list of advisories', () => {
  const list = (more: object) => () =>
    parseAdvisoryList(JSON.stringify({ asOf: today, accepted: [], advisories: [], ...more }))

  it.each<[string, object, string]>([
    ['a range that is none', { advisories: [advisory('a', 'before 2')] }, 'is no range of versions'],
    [
      'a fixed version that is vulnerable',
      { advisories: [advisory('a', '<=9.0.0')] },
      '"9.0.0" is no version outside of <=9.0.0',
    ],
    [
      'an id of nowhere',
      { advisories: [advisory('a', '*', { id: 'X-1', fixed: null })] },
      'is neither a GHSA nor a CVE id',
    ],
    ['a twin', { advisories: [advisory('a', '<1'), advisory('a', '<2')] }, 'is there twice'],
    [
      'an acceptance without a reason',
      { advisories: [advisory('deep', '<1')], accepted: [{ ...acceptance('old'), why: 'fine' }] },
      'a reason is a sentence',
    ],
    [
      'an acceptance of what is not listed',
      { accepted: [acceptance('old')] },
      'CVE-2026-0001 is not in the list',
    ],
    ['a date that is none', { asOf: '28.11.2026' }, 'asOf'],
  ])('refuses %s', (_, more, message) => {
    expect(list(more)).toThrow(message)
  })

  it('in the repository is well formed, and its date has come', () => {
    const { asOf } = parseAdvisoryList(readFileSync(join(ROOT, 'scripts/advisories/advisories.json'), 'utf8'))
    expect(Date.parse(asOf)).toBeLessThanOrEqual(Date.now())
  })
})

it('every production package of the lock file has a way from package.json', () => {
  const packages = parseProductionPackages(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const direct = new Set(Object.keys({ ...dependencies, ...optionalDependencies }))
  expect(packages.length).toBeGreaterThan(direct.size)
  expect(packages.filter(({ path }) => !direct.has(path[0] ?? ''))).toEqual([])
  expect(packages).toContainEqual({
    name: 'jsonata',
    installedAs: 'jsonata-asl',
    version: '2.0.6',
    path: ['jsonata-asl'],
  })
})
