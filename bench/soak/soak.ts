import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = join(import.meta.dirname, '../..')
const SAMPLE_SECONDS = 30
const MEGABYTE = 1024 * 1024
const END_BOUND_MILLISECONDS = 120_000

/** Durations of POST /tasks since the last sample in milliseconds; memory of the local cloud's main process, and of all its processes. */
export type Sample = {
  seconds: number
  tasks: number
  p50: number
  p99: number
  mainMb: number
  allMb: number
  processes: number
  logsMb: number
  dataMb: number
}
export type Report = {
  minutes: number
  rate: number
  accepted: number
  refused: number
  /** The first answer with another status than 202. */
  firstRefusal?: string
  notSucceeded: number
  functions: number
  samples: Sample[]
}

const ECHO = { agent: 'echo', capability: 'echo' }
const EXPRESSIONS = {
  name: 'soak_expressions',
  steps: {
    a: { ...ECHO, input: { list: '{% [1..50].{"n": $, "square": $ * $} %}' } },
    b: { ...ECHO, needs: ['a'], input: { sum: '{% $sum($steps.a.list.square) %}' } },
  },
  output: { sum: '{% $steps.b.sum %}' },
}
const FAN_OUT = {
  name: 'soak_fan_out',
  steps: { each: { ...ECHO, forEach: '{% [1..5] %}', input: { item: '{% $item %}' } } },
  output: { items: '{% $steps.each %}' },
}

function taskOf(number: number): object {
  if (number % 20 === 0) return { workflow: FAN_OUT, input: {} }
  if (number % 5 === 0) return { workflow: EXPRESSIONS, input: {} }
  return { type: 'simple', input: { number } }
}

/** Submits at a fixed rate, independent of the answers (open loop), then waits for the end of all tasks. */
export async function soak({
  minutes,
  rate,
  onSample,
}: {
  minutes: number
  rate: number
  onSample(sample: Sample): void
}): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'soak-'))
  const child = spawn(
    process.execPath,
    [join(ROOT, 'bin/orchestrator.mjs'), 'dev', '--data', folder, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    const url = await addressSaid(child.stdout)
    const samples: Sample[] = []
    const ids: string[] = []
    let took: number[] = []
    let refused = 0
    let firstRefusal: string | undefined
    const submit = async (number: number): Promise<void> => {
      const from = performance.now()
      try {
        const response = await fetch(`${url}/api/v1/tasks`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(taskOf(number)),
        })
        const text = await response.text()
        if (response.status !== 202) throw new Error(text)
        ids.push((JSON.parse(text) as { taskId: string }).taskId)
      } catch (error) {
        refused++
        firstRefusal ??= String(error)
      }
      took.push(performance.now() - from)
    }

    const started = performance.now()
    const pending = new Set<Promise<void>>()
    const seconds = minutes * 60
    for (let number = 1; number <= seconds * rate; number++) {
      const one = submit(number).finally(() => pending.delete(one))
      pending.add(one)
      if (number % (SAMPLE_SECONDS * rate) === 0) {
        const sample = {
          seconds: number / rate,
          tasks: number,
          ...percentilesOf(took),
          ...memoryOf(child.pid ?? 0),
          logsMb: sizeOf(join(folder, 'logs')),
          dataMb: sizeOf(folder),
        }
        took = []
        samples.push(sample)
        onSample(sample)
      }
      await sleep(Math.max(0, started + (number * 1_000) / rate - performance.now()))
    }
    await Promise.all(pending)
    const notSucceeded = await untilEnded(url, ids)
    return {
      minutes,
      rate,
      accepted: ids.length,
      refused,
      ...(firstRefusal ? { firstRefusal } : {}),
      notSucceeded,
      functions: functionsIn(join(folder, 'logs')),
      samples,
    }
  } finally {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
}

function percentilesOf(took: readonly number[]): Pick<Sample, 'p50' | 'p99'> {
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
}

/** How many functions have written logs. */
function functionsIn(logs: string): number {
  return new Set(readdirSync(logs).map((file) => file.replace(/(\.\d+)?\.log$/, ''))).size
}

async function addressSaid(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const [url] = /http:\/\/[^\s/]+:\d+/.exec(line) ?? []
    if (url) {
      stdout.resume()
      return url
    }
  }
  throw new Error('the local cloud ended before it said its address')
}

async function untilEnded(url: string, ids: readonly string[]): Promise<number> {
  const bound = performance.now() + END_BOUND_MILLISECONDS
  let others = 0
  for (const id of ids) {
    for (;;) {
      const { status } = (await (await fetch(`${url}/api/v1/tasks/${id}/status`)).json()) as {
        status: string
      }
      if (status === 'succeeded') break
      if (status !== 'running' || performance.now() > bound) {
        others++
        break
      }
      await sleep(50)
    }
  }
  return others
}

/** Resident memory of the process alone, and with all its descendants. */
function memoryOf(pid: number): Pick<Sample, 'mainMb' | 'allMb' | 'processes'> {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' })
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const family = new Set([pid])
  // A child may come before its parent in the process table.
  for (let before = 0; before < family.size; ) {
    before = family.size
    for (const [own = 0, parent = 0] of rows) if (family.has(parent)) family.add(own)
  }
  const mbOf = (ids: ReadonlySet<number>): number =>
    rows.reduce(
      (sum, [own = 0, , resident = 0]) => sum + (ids.has(own) ? ownKilobytes(own, resident) / 1_024 : 0),
      0,
    )
  return { mainMb: mbOf(new Set([pid])), allMb: mbOf(family), processes: family.size }
}

/**
 * Resident memory without file pages, which the system can reclaim (mapped tables); with them on systems that do not
 * report them.
 */
function ownKilobytes(pid: number, resident: number): number {
  try {
    const [, anonymous] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(anonymous ?? resident)
  } catch {
    return resident
  }
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  const bytes = files.reduce((sum, file) => {
    if (!file.isFile()) return sum
    const found = statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })
    return sum + (found?.size ?? 0)
  }, 0)
  return bytes / MEGABYTE
}
