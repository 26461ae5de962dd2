import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { saveDownload, target } from '../../../cli/input/download.ts'
import { bytesOf } from '../../../cli/show/output.ts'

let folder: string
let base: string
const server = createServer((request, response) => {
  if (request.url === '/gone') return response.writeHead(403).end('<Code>AccessDenied</Code>')
  response.writeHead(200, { 'content-length': '10' })
  if (request.url === '/whole') return response.end('0123456789')
  response.write('01234', () => response.destroy())
})
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-'))
  return () => rm(folder, { recursive: true, force: true })
})
const save = (path: string, bytes = 10) =>
  saveDownload({ url: `${base}/${path}`, name: 'a.txt', bytes }, join(folder, 'a.txt'))

describe('a download', () => {
  it('replaces the file when the whole of it is there', async () => {
    await writeFile(join(folder, 'a.txt'), 'before')
    await save('whole')
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('0123456789')
    expect(await readdir(folder)).toEqual(['a.txt'])
  })

  it('follows a link, and writes into what is no file without replacing it', async () => {
    await writeFile(join(folder, 'real.txt'), 'before')
    await symlink('real.txt', join(folder, 'a.txt'))
    await save('whole')
    expect((await lstat(join(folder, 'a.txt'))).isSymbolicLink()).toBe(true)
    expect(await readFile(join(folder, 'real.txt'), 'utf8')).toBe('0123456789')
    // As /dev/null is a device.
    const pipe = join(folder, 'pipe')
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', pipe])
    const link = { url: `${base}/whole`, name: 'a.txt', bytes: 10 }
    const [read] = await Promise.all([readFile(pipe, 'utf8'), saveDownload(link, pipe)])
    expect(read).toBe('0123456789')
    expect((await lstat(pipe)).isFIFO()).toBe(true)
    expect((await readdir(folder)).sort()).toEqual(['a.txt', 'pipe', 'real.txt'])
  })

  it.each([
    ['cut', 10, 'broke off after 5 of 10 bytes'],
    ['whole', 11, 'broke off after 10 of 11 bytes'],
    ['gone', 10, 'could not be downloaded: 403 <Code>AccessDenied</Code>'],
  ])('that is %s leaves what was there, and nothing of its own', async (path, bytes, told) => {
    await writeFile(join(folder, 'a.txt'), 'before')
    await expect(save(path, bytes)).rejects.toMatchObject({
      message: expect.stringContaining(told),
      exitCode: 3,
    })
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('before')
    expect(await readdir(folder)).toEqual(['a.txt'])
  })

  it('goes where it is told to, and nowhere else', async () => {
    expect(await target(undefined, 'a/b/c.txt')).toBe('c.txt')
    expect(await target(undefined, 'a\\..\\c.txt')).toBe('c.txt')
    expect(await target(folder, 'a/b/c.txt')).toBe(join(folder, 'c.txt'))
    expect(await target(join(folder, 'other'), 'a/b/c.txt')).toBe(join(folder, 'other'))
    expect(await target('-', 'a')).toBeUndefined()
  })

  it('into no folder says so', async () => {
    const link = { url: `${base}/whole`, name: 'a', bytes: 10 }
    await expect(saveDownload(link, join(folder, 'none', 'a'))).rejects.toThrow('could not be written to')
  })
})

it.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_536, '1.5 KB'],
  [500 * 1024 * 1024, '500 MB'],
  [5e12, '4657 GB'],
])('%i bytes are %s', (bytes, text) => expect(bytesOf(bytes)).toBe(text))
