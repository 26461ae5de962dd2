import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { removeAltered, replaceAgent } from '../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'

const MIB = 1024 * 1024
const SIZE = 500
/** The memory of the function whose agent is replaced. */
const MEMORY_MIB = 256

let api: LocalApi
beforeAll(async () => {
  const agent = join(import.meta.dirname, '../support/agents/file-agent.ts')
  const assembly = await replaceAgent('echo', agent)
  giveTime(join(assembly, 'orchestrator-runtime.template.json'))
  api = await startApi({ assembly })
})
afterAll(async () => {
  await api.stop()
  removeAltered()
})

/** The function that is replaced ends after 35 s, which slow machines exceed. */
function giveTime(file: string): void {
  const template = JSON.parse(readFileSync(file, 'utf8')) as {
    Resources: Record<
      string,
      { Properties?: { FunctionName?: unknown; Timeout?: number; MemorySize?: number } }
    >
  }
  const { Properties } =
    Object.values(template.Resources).find(
      (one) => one.Properties?.FunctionName === 'orchestrator-agent-echo',
    ) ?? {}
  expect(Properties?.MemorySize).toBe(MEMORY_MIB)
  if (Properties) Properties.Timeout = 320
  writeFileSync(file, JSON.stringify(template))
}

const ended = async (taskId: string) => {
  for (const until = Date.now() + 400_000; Date.now() < until; ) {
    const { status } = await api.ask('getTaskStatus', { id: taskId })
    if (status !== 'running') return status
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  throw new Error(`${taskId} still runs`)
}

it('500 MB are written and read as streams by agents, and downloaded, without being in memory', async () => {
  const before = process.memoryUsage.rss()
  let peak = before
  const watching = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50)
  const steps = {
    write: { capability: 'echo', timeoutSeconds: 300, input: { write: 'large.bin', mib: SIZE } },
    read: {
      capability: 'echo',
      needs: ['write'],
      timeoutSeconds: 300,
      input: { read: '{% $steps.write.file %}' },
    },
    more: {
      capability: 'echo',
      needs: ['write'],
      input: { write: 'larger.bin', mib: SIZE + 1 },
      onFailure: 'continue',
    },
  }
  const { taskId } = await api.submitOwn({ name: 'large', steps })
  const status = await ended(taskId)
  const ids = Object.keys(steps)
  const { steps: done } = await api.ask('listTaskSteps', { id: taskId, outputs: true })
  done.sort((a, b) => ids.indexOf(a.stepId) - ids.indexOf(b.stepId))
  expect([status, done.map(({ stepId, error }) => [stepId, error?.message ?? ''])]).toEqual([
    'succeeded',
    [
      ['write', ''],
      ['read', ''],
      ['more', expect.stringContaining(`"larger.bin" has more than ${SIZE * MIB} bytes`)],
    ],
  ])
  const of = (id: string) => done.find(({ stepId }) => stepId === id)
  const [write, read] = [of('write')?.output, of('read')?.output] as Record<string, unknown>[]
  expect(read).toMatchObject({ read: SIZE * MIB, sha256: write?.sha256 })
  const { files } = await api.ask('listTaskFiles', { id: taskId, all: true })
  expect(files.map(({ name, bytes }) => [name, bytes])).toEqual([['large.bin', SIZE * MIB]])
  const { url } = await api.ask('getTaskFile', { id: taskId, fileId: files[0]?.fileId ?? '' })
  let bytes = 0
  for await (const chunk of (await fetch(url)).body as AsyncIterable<Uint8Array>) bytes += chunk.length
  clearInterval(watching)
  expect(bytes).toBe(SIZE * MIB)
  const peaks = { write: Number(write?.peakMib), read: Number(read?.peakMib) }
  console.log('MiB at most', { ...peaks, cloud: (peak - before) / MIB })
  // As on Lambda, where the memory is that of the whole process: Node.js, code and buffers.
  expect(peaks.write).toBeLessThan(MEMORY_MIB)
  expect(peaks.read).toBeLessThan(MEMORY_MIB)
  // The local cloud with this test, of whose memory a part is garbage that is not collected yet.
  expect((peak - before) / MIB).toBeLessThan(300)
}, 500_000)
