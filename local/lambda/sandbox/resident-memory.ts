import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'

export type Watched = {
  pid: number
  /** How much it may have now, in megabytes. */
  ceilingMb(): number
  exceeded(residentMb: number): void
}

/** A page of memory on every Linux that Node.js runs on but a few of ARM, where counting too little is the safe side. */
const PAGE_BYTES = 4_096
const MEGABYTE = 1024 * 1024
const LOOK_MILLISECONDS = 100
/** Where a process must be started to ask. */
const LOOK_BY_COMMAND_MILLISECONDS = 1_000

/**
 * Watches what processes have in memory, and tells when one has more than it may. V8's own limit does not hold for buffers, long
 * texts and other native memory. Windows is not asked: there only V8's limit holds.
 */
export class ResidentMemory {
  readonly #watched = new Set<Watched>()
  #timer: NodeJS.Timeout | undefined

  watch(watched: Watched): () => void {
    this.#watched.add(watched)
    this.#start()
    return () => {
      this.#watched.delete(watched)
      if (this.#watched.size === 0) this.stop()
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #start(): void {
    if (this.#timer !== undefined || process.platform === 'win32') return
    const onLinux = process.platform === 'linux'
    const look = onLinux ? () => this.#look() : () => void this.#lookByCommand()
    this.#timer = setInterval(look, onLinux ? LOOK_MILLISECONDS : LOOK_BY_COMMAND_MILLISECONDS).unref()
  }

  #look(): void {
    for (const watched of this.#watched) this.#compare(watched, residentMbOf(watched.pid))
  }

  async #lookByCommand(): Promise<void> {
    const pids = [...this.#watched].map(({ pid }) => pid).join(',')
    const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,rss=', '-p', pids]).catch(() => ({
      stdout: '',
    }))
    const kilobytes = new Map(
      stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number) as [number, number]),
    )
    for (const watched of this.#watched) this.#compare(watched, (kilobytes.get(watched.pid) ?? 0) / 1_024)
  }

  #compare(watched: Watched, residentMb: number): void {
    if (residentMb > watched.ceilingMb()) watched.exceeded(Math.round(residentMb))
  }
}

/** 0 for a process that is no more. */
function residentMbOf(pid: number): number {
  try {
    const [, residentPages] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')
    return (Number(residentPages) * PAGE_BYTES) / MEGABYTE
  } catch {
    return 0
  }
}
