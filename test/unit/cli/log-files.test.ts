import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openLogs } from '../../../cli/dev/open-logs.ts'

function folderOf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'logs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const lines = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `line ${String(first + index).padStart(4, '0')}\n`)
const read = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')

describe('the logs of the functions', () => {
  it('are kept up to a size and a number of files, the newest, each line whole', async () => {
    const folder = folderOf()
    const logs = await openLogs(folder, { bytes: 100, files: 3 }, false)
    for (const line of lines(0, 95)) logs.write('api', line)
    logs.write('echo', 'another\n')
    await logs.close()
    expect(readdirSync(folder).sort()).toEqual(['api.1.log', 'api.2.log', 'api.log', 'echo.log'])
    expect(read(folder, 'api.log')).toBe(lines(90, 5).join(''))
    expect(read(folder, 'api.1.log')).toBe(lines(80, 10).join(''))
    expect(read(folder, 'api.2.log')).toBe(lines(70, 10).join(''))
    expect(read(folder, 'echo.log')).toBe('another\n')
  })

  it('continue the files of the previous run, and remove surplus ones', async () => {
    const folder = folderOf()
    writeFileSync(join(folder, 'api.log'), lines(0, 9).join(''))
    for (const number of [1, 2, 3]) writeFileSync(join(folder, `api.${number}.log`), `old ${number}\n`)
    const logs = await openLogs(folder, { bytes: 100, files: 2 }, false)
    for (const line of lines(9, 2)) logs.write('api', line)
    await logs.close()
    expect(readdirSync(folder).sort()).toEqual(['api.1.log', 'api.log'])
    expect(read(folder, 'api.1.log')).toBe(lines(0, 10).join(''))
    expect(read(folder, 'api.log')).toBe(lines(10, 1).join(''))
  })

  it.each([1, 2])('may be %d files', async (files) => {
    const folder = folderOf()
    const logs = await openLogs(folder, { bytes: 10, files }, false)
    for (const line of lines(0, 5)) logs.write('api', line)
    await logs.close()
    expect(readdirSync(folder)).toHaveLength(files)
    expect(read(folder, 'api.log')).toBe('line 0004\n')
  })

  it('write a chunk that exceeds the limit to a file of its own', async () => {
    const folder = folderOf()
    const logs = await openLogs(folder, { bytes: 10, files: 2 }, false)
    logs.write('api', 'x'.repeat(50))
    logs.write('api', 'y')
    await logs.close()
    expect([read(folder, 'api.1.log'), read(folder, 'api.log')]).toEqual(['x'.repeat(50), 'y'])
  })
})
