import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeAltered, replaceAgent } from '../../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { runCli } from '../../support/cloud/run-cli.ts'

const MIB = 1024 * 1024
const NAME = 'charts/it\'s a "süß" 100% (1).csv'

let api: LocalApi
let folder: string
let data: string
beforeAll(async () => {
  ;[folder, data] = (await Promise.all(['out-', 'data-'].map((name) => mkdtemp(join(tmpdir(), name))))) as [
    string,
    string,
  ]
  const agent = join(import.meta.dirname, '../../support/agents/file-agent.ts')
  api = await startApi({ assembly: await replaceAgent('echo', agent), dataFolder: data })
})
afterAll(async () => {
  await api.stop()
  removeAltered()
  for (const one of [folder, data]) await rm(one, { recursive: true, force: true })
})

const run = async (steps: object, more: object = {}) => {
  const { taskId } = await api.submitOwn({ name: 'files', steps, ...more })
  const task = await api.ended(taskId)
  const { steps: done } = await api.ask('listTaskSteps', { id: taskId, outputs: true })
  const outputs = Object.fromEntries(
    done.map(({ stepId, output }) => [stepId, output as Record<string, unknown>]),
  )
  return { taskId, task, outputs }
}
const writes = (write: string, more: object = {}) => ({ capability: 'echo', input: { write, ...more } })
const cli = (...args: string[]) => runCli(args, { ORCHESTRATOR_URL: api.apiUrl })
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('a file of 32 MB that an agent writes as a stream', () => {
  let done: Awaited<ReturnType<typeof run>>
  beforeAll(async () => {
    const reads = { capability: 'echo', needs: ['write'], input: { read: '{% $steps.write.file %}' } }
    done = await run({ write: writes(NAME, { mib: 32 }), read: reads }, { output: '{% $steps.write.file %}' })
  })

  it('never is in memory as a whole, neither written nor read by the next agent (uploads/U1)', () => {
    const { write, read } = done.outputs
    expect(done.task.status).toBe('succeeded')
    expect(read).toMatchObject({
      name: NAME.split('/')[1],
      bytes: 32 * MIB,
      read: 32 * MIB,
      sha256: write?.sha256,
    })
    // Three parts of 8 MiB, and garbage that is not collected yet.
    expect(Number(write?.grownMib)).toBeLessThan(90)
    expect(Number(read?.grownMib)).toBeLessThan(90)
  })

  it('is listed with its task, and downloaded by a link under its own name', async () => {
    const { files } = await api.ask('listTaskFiles', { id: done.taskId })
    expect(files).toEqual([
      {
        fileId: expect.stringMatching(/^f_/),
        name: NAME,
        bytes: 32 * MIB,
        contentType: 'text/csv; charset=utf-8',
        stepId: 'write',
        attempt: 1,
        agentId: 'echo',
        createdAt: expect.any(String),
        status: 'kept',
        file: done.outputs.write?.file,
      },
    ])
    const fileId = files[0]?.fileId ?? ''
    const link = await api.ask('getTaskFile', { id: done.taskId, fileId })
    expect(Date.parse(link.expiresAt)).toBeGreaterThan(Date.now() + 800_000)
    const answer = await fetch(link.url)
    expect(sha(new Uint8Array(await answer.arrayBuffer()))).toBe(done.outputs.write?.sha256)
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="it's a _s___ 100_ (1).csv"; filename*=UTF-8''it%27s%20a%20%22s%C3%BC%C3%9F%22%20100%25%20%281%29.csv`,
    )
    const range = await fetch(link.url, { headers: { range: 'bytes=0-1' } })
    expect([range.status, (await range.arrayBuffer()).byteLength]).toEqual([206, 2])
  })

  it('is found and saved by the command line', async () => {
    const listed = await cli('files', done.taskId)
    expect(listed.stdout.replaceAll(/\s+/g, ' ')).toContain('32.0 MB')
    const saved = await cli('files', 'get', done.taskId, NAME, '-o', folder)
    expect(saved).toMatchObject({ code: 0, stderr: '' })
    expect(await readdir(folder)).toEqual([NAME.split('/')[1]])
    expect(sha(await readFile(join(folder, NAME.split('/')[1] ?? '')))).toBe(done.outputs.write?.sha256)
    const wrong = await cli('files', 'get', done.taskId, 'nothing')
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('has no file "nothing"')])
  })

  it('may be the input of another task', async () => {
    const { outputs } = await run({ read: { capability: 'echo', input: { read: done.outputs.write?.file } } })
    expect(outputs.read).toMatchObject({ sha256: done.outputs.write?.sha256 })
  })

  it('is not known by another id or task', async () => {
    const other = { id: done.taskId, fileId: `f_${'0'.repeat(26)}` }
    await expect(api.ask('getTaskFile', other)).rejects.toThrow('has no file f_0')
    await expect(api.ask('listTaskFiles', { id: `t_${'0'.repeat(26)}` })).rejects.toThrow('there is no task')
    const $file = String((done.outputs.write?.file as { $file: string } | undefined)?.$file).replace(
      '/default/',
      '/rival/',
    )
    const { status, body } = await api.submitOwn(
      {
        name: 'x',
        steps: { read: { capability: 'echo', input: '{% $input %}' } },
      },
      { read: { $file } },
    )
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining('file-not-found')])
  })
})

it('files of a failed attempt are no results, and are shown when all are asked for', async () => {
  const { taskId } = await run({ a: writes('a.txt', { failures: 1 }) })
  const { files } = await api.ask('listTaskFiles', { id: taskId })
  expect(files.map(({ attempt, status }) => [attempt, status])).toEqual([[2, 'kept']])
  const { files: all } = await api.ask('listTaskFiles', { id: taskId, all: true, limit: 1 })
  expect(all.map(({ attempt, status }) => [attempt, status])).toEqual([[1, 'discarded']])
})

it('an agent that dies while it writes leaves no file, and its next attempt writes it whole', async () => {
  const { taskId, outputs } = await run({ a: writes('a.bin', { mib: 20, dies: true }) })
  const { files } = await api.ask('listTaskFiles', { id: taskId, all: true })
  expect(files.map(({ attempt, bytes, status }) => [attempt, bytes, status])).toEqual([[2, 20 * MIB, 'kept']])
  expect(outputs.a).toMatchObject({ file: files[0]?.file })
})

it('an empty file and two of one name, which the command line tells apart by their steps', async () => {
  const { taskId } = await run({ a: writes('empty'), b: writes('empty') })
  const twice = await cli('files', 'get', taskId, 'empty', '-o', join(folder, 'x'))
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('2 steps have written "empty"')])
  const one = await cli('files', 'get', taskId, 'empty', '--step', 'b', '-o', '-')
  expect([one.code, one.stdout]).toEqual([0, ''])
  await cli('files', 'get', taskId, 'empty', '--step', 'b', '-o', join(folder, 'x'))
  expect(await readFile(join(folder, 'x'), 'utf8')).toBe('')
})
