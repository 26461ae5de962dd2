import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'

export type Watched = {
  pid: number
  /** The memory that the process may use now, in megabytes. */
  ceilingMb(): number
  exceeded(residentMb: number): void
}

/** The page size on every Linux that Node.js supports but some on ARM, where counting too little errs on the safe side. */
const PAGE_BYTES = 4_096
const MEGABYTE = 1024 * 1024
const LOOK_MILLISECONDS = 100
/** The interval on systems where reading memory takes a command of its own. */
const LOOK_BY_COMMAND_MILLISECONDS = 1_000

/**
 * Watches the resident memory of processes and reports one that exceeds its ceiling. V8's own limit does not cover buffers, long
 * strings and other native memory. On Windows only V8's limit applies.
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

/** 0 for a process that has ended. */
function residentMbOf(pid: number): number {
  try {
    const [, residentPages] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')
    return (Number(residentPages) * PAGE_BYTES) / MEGABYTE
  } catch {
    return 0
  }
}
