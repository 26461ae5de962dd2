import { spawnSync } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, writeFile as write } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { systemErrorOf } from '../../../cli/system-error.ts'

const ROOT = join(import.meta.dirname, '../../..')

const failing = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: as the system says it`), { code, syscall: 'some', errno: -1, ...more })

const rejection = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('what the operating system refuses', () => {
  it.each<[code: string, more: object, message: string, exitCode: number]>([
    ['EACCES', { path: '/a/b' }, '/a/b: you may not write there (EACCES)', 2],
    ['EPERM', { path: '/a/b' }, '/a/b: you may not write there (EPERM)', 2],
    ['EROFS', { path: '/a/b' }, '/a/b: what is there can only be read (EROFS)', 2],
    ['ENOSPC', { path: '/a/b' }, '/a/b: no space is left (ENOSPC)', 2],
    ['ENOSPC', {}, 'no space is left (ENOSPC)', 2],
    ['EDQUOT', { path: '/a/b' }, '/a/b: no space is left (EDQUOT)', 2],
    ['EMFILE', { path: '/a/b' }, '/a/b: too many files are open; raise the limit (ulimit -n) (EMFILE)', 2],
    ['EFBIG', {}, 'the file would become larger than it may (EFBIG)', 2],
    ['EADDRINUSE', { address: '127.0.0.1', port: 80 }, '127.0.0.1:80: the port is in use (EADDRINUSE)', 2],
    ['ECONNREFUSED', { address: '::1', port: 80 }, '::1:80: nothing listens there (ECONNREFUSED)', 3],
    ['ECONNRESET', {}, 'the connection was closed by the other side (ECONNRESET)', 3],
    ['ENOTFOUND', { hostname: 'a.b' }, 'a.b: no machine has that name (ENOTFOUND)', 3],
    [
      'EAI_AGAIN',
      { hostname: 'a.b' },
      'a.b: the name cannot be looked up now; is there a network? (EAI_AGAIN)',
      3,
    ],
    ['EWHATEVER', { path: '/a' }, 'EWHATEVER: as the system says it', 2],
  ])('is one line without a stack trace: %s %j', (code, more, message, exitCode) => {
    const told = { message, exitCode }
    expect(systemErrorOf(failing(code, more))).toMatchObject(told)
    const wrapped = new TypeError('fetch failed', { cause: failing(code, more) })
    expect(systemErrorOf(new Error('outer', { cause: wrapped }))).toMatchObject(told)
    expect(systemErrorOf(new AggregateError([new Error('no'), failing(code, more)]))).toMatchObject(told)
  })

  it('is known as Node.js throws it', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const [taken] = (await once(createServer().listen(port, '127.0.0.1'), 'error')) as [Error]
    expect(systemErrorOf(taken)?.message).toBe(`127.0.0.1:${port}: the port is in use (EADDRINUSE)`)
    server.close()
    await once(server, 'close')
    const [refused] = (await once(connect(port, '127.0.0.1'), 'error')) as [Error]
    expect(systemErrorOf(refused)?.message).toContain('nothing listens there')
    const unreachable = await rejection(fetch(`http://127.0.0.1:${port}`))
    expect(systemErrorOf(unreachable)).toMatchObject({ exitCode: 3 })
    expect(systemErrorOf(await rejection(lookup('no.such.invalid')))?.message).toMatch(/^no\.such\.invalid: /)
    expect(systemErrorOf(await rejection(readFile(tmpdir())))?.message).toContain('(EISDIR)')
    const missing = join(tmpdir(), 'none', 'file')
    expect(systemErrorOf(await rejection(write(missing, '')))?.message).toContain(`${missing}: `)
  })

  it('is nothing that a program has done wrong', () => {
    for (const error of [
      new Error('x'),
      new TypeError('y'),
      'text',
      undefined,
      failing('ERR_INVALID_ARG_TYPE'),
    ])
      expect(systemErrorOf(error)).toBeUndefined()
    const endless = new Error('a')
    endless.cause = endless
    expect(systemErrorOf(endless)).toBeUndefined()
  })
})

describe('an exit code', () => {
  const run = (script: string, args: string[]) =>
    spawnSync('sh', ['-c', script, 'sh', process.execPath, join(ROOT, 'bin/orchestrator.mjs'), ...args], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', ORCHESTRATOR_URL: 'http://127.0.0.1:1' },
    })
  const preload = join(mkdtempSync(join(tmpdir(), 'bug-')), 'bug.mjs')
  writeFileSync(preload, "process.stdout.write = () => { throw new Error('broken') }")
  afterAll(() => rmSync(dirname(preload), { recursive: true }))

  it.each<[code: number, script: string, args: string[], stderr: RegExp]>([
    [0, '"$@"', ['--version'], /^$/],
    [0, '"$@" | head -n 1', ['schema', 'workflow'], /^$/],
    [2, '"$@"', ['nonsense'], /^error: unknown command/],
    [3, '"$@"', ['list'], /^error: http:\/\/127\.0\.0\.1:1 cannot be reached .*\n$/],
    [70, `NODE_OPTIONS="--import ${preload}" "$@"`, ['schema', 'workflow'], /bug .*broken\n.* at /s],
    ...(existsSync('/dev/full')
      ? [
          [
            2,
            '"$@" > /dev/full',
            ['schema', 'workflow'],
            /^error: no space is left \(ENOSPC\)\n$/,
          ] satisfies [number, string, string[], RegExp],
        ]
      : []),
  ])('is %i for %s %j', (code, script, args, stderr) => {
    const told = run(script, args)
    expect(told.stderr).toMatch(stderr)
    expect(told.status).toBe(code)
  })
})
