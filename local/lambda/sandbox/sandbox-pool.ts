import { availableParallelism } from 'node:os'
import type { FunctionSettings, Surroundings } from '../function-settings.ts'
import type { FromSandbox, FunctionError } from './messages.ts'
import type { Sandbox as SandboxProcess } from './sandbox-process.ts'
import { ThreadWatch } from './thread-watch.ts'

/** `ids` are the invocations in the sandbox. */
export type Sandbox = {
  process: SandboxProcess
  ids: Set<string>
  /** Reserved for a single invocation. */
  apart: boolean
  ready: boolean
  /** Gets no new invocations. */
  retired: boolean
  thread: ThreadWatch
  idle: NodeJS.Timeout | undefined
}

type Owner = {
  settings(): FunctionSettings
  surroundings: Surroundings
  heard(sandbox: Sandbox, message: FromSandbox): void
  ended(sandbox: Sandbox, reason: FunctionError): void
}

/** When every sandbox has this many invocations, another one is opened. */
const BUSY = 12
const IDLE_MILLISECONDS = 10_000
/** As on Lambda, the last sandbox of a function stays warm for some minutes. */
const LAST_IDLE_MILLISECONDS = 10 * 60_000
const MOST_SANDBOXES = Math.max(1, Math.min(4, availableParallelism()))

/** The sandboxes of one function: opened on demand, up to the number of processors, and ended when they have been idle. */
export class SandboxPool {
  /**
   * Set for functions that a person waits for: they have priority over functions called only by machines and events,
   * and stay warm.
   */
  forPeople = false
  readonly #owner: Owner
  /** All sandboxes alive, including retired ones. */
  readonly #sandboxes = new Set<Sandbox>()

  constructor(owner: Owner) {
    this.#owner = owner
  }

  warm(): void {
    if ([...this.#sandboxes].every(({ retired }) => retired)) this.open()
  }

  has(sandbox: Sandbox): boolean {
    return this.#sandboxes.has(sandbox)
  }

  /** The least busy one. A loading one is the second choice; a blocked one (sandbox/L7) the last, when no more may be opened. */
  choose(): Sandbox {
    const all = [...this.#sandboxes].filter(({ retired, apart }) => !retired && !apart)
    const [first] = all
    // Under a debugger a blocked event loop is a breakpoint, and a second sandbox could not have the same port.
    if (first && this.#owner.settings().debugging) return first
    const free = all.filter(({ thread }) => !thread.isHeld)
    if (free.length === 0 && all.length <= MOST_SANDBOXES) return this.open()
    const open = free.length > 0 ? free : all
    const ready = open.filter((sandbox) => sandbox.ready)
    const [least] = (ready.length > 0 ? ready : open).sort((a, b) => a.ids.size - b.ids.size)
    if (!least) return this.open()
    if (least.ids.size >= BUSY && open.length < MOST_SANDBOXES) this.open()
    return least
  }

  /** `gone` is called when the sandbox of a single invocation has ended. */
  open({ gone }: { gone?: () => void } = {}): Sandbox {
    const { name, arn, entry, handler, runtime, memoryMb, environment, onLog, debugging } =
      this.#owner.settings()
    const { sandboxes, journal } = this.#owner.surroundings
    const { alibis } = journal
    const inspectPort = debugging?.take(name)
    const process = sandboxes.open(
      {
        entry,
        handler,
        runtime,
        functionName: name,
        functionArn: arn,
        memoryMb,
        inBackground: !this.forPeople,
        ...(alibis ? { alibis } : {}),
        ...(inspectPort === undefined ? {} : { inspectPort }),
      },
      environment,
      {
        message: (message) => this.#owner.heard(sandbox, message),
        log: (text) => {
          if (inspectPort !== undefined) debugging?.hear(inspectPort, text)
          onLog?.(name, text)
        },
        ended: (reason) => {
          if (inspectPort !== undefined) debugging?.release(inspectPort)
          this.#owner.ended(sandbox, reason)
          gone?.()
        },
      },
    )
    const sandbox: Sandbox = {
      process,
      ids: new Set(),
      apart: gone !== undefined,
      ready: false,
      retired: false,
      thread: new ThreadWatch({
        ask: () => process.send({ kind: 'ping' }),
        isAtWork: () => this.has(sandbox) && !sandbox.retired && sandbox.ids.size > 0,
      }),
      idle: undefined,
    }
    this.#sandboxes.add(sandbox)
    return sandbox
  }

  /** Adds an invocation to the sandbox. */
  occupy(sandbox: Sandbox, id: string): void {
    sandbox.ids.add(id)
    clearTimeout(sandbox.idle)
    sandbox.idle = undefined
  }

  /** Ends an idle sandbox after a while; the last one later, and never for functions that people wait for. */
  rest(sandbox: Sandbox): void {
    const others = [...this.#sandboxes].filter(
      (other) => other !== sandbox && other.ready && !other.retired && !other.apart && !other.idle,
    )
    if (others.length === 0 && this.forPeople) return
    const milliseconds = others.length === 0 ? LAST_IDLE_MILLISECONDS : IDLE_MILLISECONDS
    clearTimeout(sandbox.idle)
    sandbox.idle = setTimeout(() => this.end(sandbox), milliseconds).unref()
  }

  /** Retires every sandbox (sandbox/L8). Returns the invocations that have not begun, because their bundle was still loading. */
  retireAll(): string[] {
    const loading = [...this.#sandboxes].filter(({ ready }) => !ready)
    for (const sandbox of this.#sandboxes) {
      sandbox.retired = true
      if (!sandbox.ready || sandbox.ids.size === 0) this.end(sandbox)
    }
    return loading.flatMap(({ ids }) => [...ids])
  }

  /** Ends the sandbox at once, with all its invocations. */
  end(sandbox: Sandbox): void {
    this.#sandboxes.delete(sandbox)
    sandbox.thread.stop()
    clearTimeout(sandbox.idle)
    void sandbox.process.kill()
  }

  async stop(): Promise<void> {
    const open = [...this.#sandboxes]
    this.#sandboxes.clear()
    for (const { thread, idle } of open) {
      thread.stop()
      clearTimeout(idle)
    }
    await Promise.all(open.map(({ process }) => process.kill()))
  }
}
