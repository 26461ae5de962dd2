import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { saveResult } from '../../../cli/show/report.ts'

const ROOT = join(import.meta.dirname, '../../..')
const around = mkdtempSync(join(tmpdir(), 'results-'))
afterAll(() => rmSync(around, { recursive: true, force: true }))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(around, 'x-'))
})

const REPORT = {
  markdown: '# Report\n',
  charts: [
    { name: 'chart-1.svg', svg: '<svg>1</svg>' },
    { name: 'chart-2.svg', svg: '<svg>2</svg>' },
  ],
}

describe('a result that is written', () => {
  it('is a report with its charts, or JSON, in folders that are made for it', async () => {
    expect(await saveResult(REPORT, join(folder, 'a/b/c'))).toBe(join(folder, 'a/b/c/report.md'))
    expect(readdirSync(join(folder, 'a/b/c')).sort()).toEqual(['chart-1.svg', 'chart-2.svg', 'report.md'])
    expect(await saveResult({ n: 1 }, folder)).toBe(join(folder, 'result.json'))
    expect(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))).toEqual({ n: 1 })
  })

  it('replaces an earlier result, and nothing else', async () => {
    writeFileSync(join(folder, 'mine.txt'), 'mine')
    await saveResult(REPORT, folder)
    await saveResult({ ...REPORT, markdown: '# Second\n' }, folder)
    expect(readFileSync(join(folder, 'report.md'), 'utf8')).toBe('# Second\n')
    expect(readdirSync(folder).sort()).toEqual(['chart-1.svg', 'chart-2.svg', 'mine.txt', 'report.md'])
  })

  it('keeps the last of two charts with one name', async () => {
    const charts = [
      { name: 'a.svg', title: 'A', svg: '<svg>1</svg>' },
      { name: 'a.svg', title: 'A', svg: '<svg>2</svg>' },
    ]
    await saveResult({ ...REPORT, charts }, join(folder, 'twins'))
    expect(readFileSync(join(folder, 'twins/a.svg'), 'utf8')).toBe('<svg>2</svg>')
  })

  it('leaves nothing half-written (folder/W1)', async () => {
    mkdirSync(join(folder, 'chart-2.svg/inside'), { recursive: true })
    writeFileSync(join(folder, 'chart-1.svg'), 'old')
    await expect(saveResult(REPORT, folder)).rejects.toThrow(
      /cannot be written to ".*": a folder stands where a file would have to be \(EISDIR\)/,
    )
    expect(readdirSync(folder).sort()).toEqual(['chart-1.svg', 'chart-2.svg'])
    expect(readFileSync(join(folder, 'chart-1.svg'), 'utf8')).toBe('old')
    const long = join(folder, 'new/deep', 'x'.repeat(300))
    await expect(saveResult(REPORT, long)).rejects.toThrow('the name is too long (ENAMETOOLONG)')
    expect(existsSync(join(folder, 'new'))).toBe(false)
  })

  it.each<[what: string, out: () => string, message: string]>([
    ['an empty name', () => '', '--out is the name of a folder, or - for standard output; this is ""'],
    ['a file', () => file('a.txt'), 'a.txt" is a file; --out is the name of a folder'],
    [
      'a file in the middle',
      () => join(file('a.txt'), 'b/c'),
      'a file stands where a folder would have to be (ENOTDIR)',
    ],
    ['a file system that makes none', () => '/proc/x', 'to "/proc/x": no folder can be made there (ENOENT)'],
    ['one deeper', () => '/proc/self/x/y/z', 'no folder can be made there (ENOENT)'],
    ['where nobody may write', () => '/sys/x', 'to "/sys/x": '],
    ['a device that is full', () => '/dev/full', 'to "/dev/full": no space is left (ENOSPC)'],
    ['a name of 10,000 characters', () => 'x'.repeat(10_000), 'characters left out'],
    ['a character that no name has', () => 'a\0b', 'cannot be written to "a\ufffdb"'],
  ])('is refused plainly for %s', async (_what, out, message) => {
    const error: Error = await saveResult(REPORT, out()).then(
      () => new Error('written'),
      (refused: Error) => refused,
    )
    expect(error.message).toContain(message)
    expect(error.message.length).toBeLessThan(500)
  })

  it('is written to a stream as one text', async () => {
    expect(await saveResult(REPORT, '/dev/null')).toBeUndefined()
    const pipe = join(folder, 'pipe')
    const env = { ...process.env, PIPE: pipe }
    expect(spawnSync('sh', ['-c', 'mkfifo "$PIPE"'], { env }).status).toBe(0)
    const reader = spawn('cat', [pipe])
    const [read, answer] = await Promise.all([text(reader.stdout), saveResult(REPORT, pipe)])
    expect({ read, answer }).toEqual({ read: '# Report\n\n', answer: undefined })
  })

  it.each(['-', '/dev/stdout'])('goes to standard output for %s, be it a file or a pipe', (out) => {
    const script = `import { saveResult } from ${JSON.stringify(join(ROOT, 'cli/show/report.ts'))}
      await saveResult({ n: 1 }, ${JSON.stringify(out)})`
    const args = ['--input-type=module', '--eval', script]
    expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout).toBe('{\n  "n": 1\n}\n')
    const to = join(folder, 'out.txt')
    spawnSync('sh', ['-c', '"$0" "$@" > "$TO"', process.execPath, ...args], {
      env: { ...process.env, TO: to },
    })
    expect(readFileSync(to, 'utf8')).toBe('{\n  "n": 1\n}\n')
  })
})

function file(name: string): string {
  writeFileSync(join(folder, name), 'mine')
  return join(folder, name)
}
