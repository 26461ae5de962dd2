import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const manifest = (id: string) => ({
  ...{ id, version: '1.0.0', description: '' },
  capabilities: [{ name: `${id}.do`, description: '', inputSchema: {}, outputSchema: {} }],
})
/** What stands below an agent's declaration, and the problem that is told of it. */
const LATE = {
  timer: ["setTimeout(() => { throw new Error('late') }, 0)", ':2:26: Error: late'],
  rejected: ["void (async () => { throw new Error('alone') })()", ':2:27: Error: alone'],
  leaver: ['setTimeout(() => process.exit(4), 0)', ':2:26: Error: it calls process.exit(4)'],
} as const

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'late-'))
  for (const [id, code] of [
    ...Object.entries(LATE).map(([name, [line]]) => [name, line]),
    ['good', ''],
  ] as const) {
    mkdirSync(join(root, 'agents', id), { recursive: true })
    const text = `export default { manifest: ${JSON.stringify(manifest(id))} }\n${code}\n`
    writeFileSync(join(root, 'agents', id, 'index.js'), text)
  }
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
})
afterAll(() => rmSync(root, { recursive: true }))

it('tells with its place what a module throws when nothing awaits it, and loads the others', () => {
  const module = join(import.meta.dirname, '../../../infra/load-catalogue.ts')
  const source = { root, agents: 'agents', workflows: 'workflows' }
  const script = `
    import { loadWhatLoads } from ${JSON.stringify(module)}
    const { catalogue, problems } = await loadWhatLoads([${JSON.stringify(source)}])
    console.log(JSON.stringify({ ids: catalogue.agents.map(({ manifest }) => manifest.id), problems }))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  const { ids, problems } = JSON.parse(stdout) as { ids: string[]; problems: string[] }
  expect(ids).toEqual(['good'])
  expect(problems).toHaveLength(3)
  for (const [id, [, told]] of Object.entries(LATE))
    expect(problems.join('\n')).toContain(`agents/${id}/index.js${told}`)
})
