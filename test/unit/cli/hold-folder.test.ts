import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { holdFolder } from '../../../cli/dev/hold-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'hold-folder-'))
const lock = join(folder, 'lock')
afterAll(() => rmSync(folder, { recursive: true }))

it.each<[what: string, text: string]>([
  ['a process that has ended', `${spawnSync(process.execPath, ['-e', '0']).pid} 12`],
  ['a disk that was full', ''],
  ['a write that was cut short', '\0\0'],
  // Where /proc tells when processes started, as on Linux.
  ...(existsSync('/proc/self/stat')
    ? [['a process whose number another has got since', `${process.ppid} 12`] satisfies [string, string]]
    : []),
])('takes a folder over from %s', async (_, text) => {
  writeFileSync(lock, text)
  const release = await holdFolder(folder)
  expect(readFileSync(lock, 'utf8')).toMatch(new RegExp(`^${process.pid} \\d*$`))
  await release()
  expect(existsSync(lock)).toBe(false)
})

it('leaves a folder to the process that holds it', async () => {
  // As an older release wrote it: which process it is cannot be told.
  writeFileSync(lock, String(process.ppid))
  await expect(holdFolder(folder)).rejects.toThrow(`is in use by process ${process.ppid}`)
})
