import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import { boundCompileCache, useCompileCache } from '../../compile-cache.ts'
import { InterfaceSandbox } from '../interface/interface-sandbox.ts'
import { exitError, howItEnded, LAST_OUTPUT_CHARACTERS, lastLinesOf, outOfMemory } from './how-it-ended.ts'
import { Keeper } from './keeper.ts'
import type { FromSandbox, FunctionError, SandboxSettings } from './messages.ts'
import { ResidentMemory } from './resident-memory.ts'
import type { Sandbox, SandboxEvents } from './sandbox-events.ts'

export type { Sandbox, SandboxEvents } from './sandbox-events.ts'

export type Sandboxes = {
  open(settings: SandboxSettings, environment: Record<string, string>, events: SandboxEvents): Sandbox
  stop(): void
}

/** Memory of the runtime, threads and code, besides what a function allocates. */
const RUNTIME_MB = 192
/** On Lambda each concurrent invocation has the full memory; here at most this many are counted. */
const MOST_COUNTED = 3
/** How long to wait for stderr after the exit: child processes of its own may keep the pipe open. */
const LAST_WORDS_MILLISECONDS = 500

/** Sandboxes as processes of this machine, each with a memory ceiling; none of them outlives this process. */
export function processSandboxes(): Sandboxes {
  const memory = new ResidentMemory()
  const keeper = new Keeper()
  // They are what fills it.
  void boundCompileCache()
  const openOther = otherRuntimes(memory, keeper)

  return {
    open(settings, environment, events) {
      const other = openOther(settings, environment, events)
      if (other) return other
      const child = spawnSandbox(settings, environment)
      const gone = Promise.withResolvers<void>()
      let reason: FunctionError | undefined
      let [underWay, lastWords, lastOutput] = [0, '', '']
      const { pid } = child
      const ceilingMb = (): number =>
        settings.memoryMb * Math.min(Math.max(1, underWay), MOST_COUNTED) + RUNTIME_MB
      const exceeded = (): void => {
        reason ??= { ...outOfMemory(settings.memoryMb), trace: lastLinesOf(lastOutput) }
        child.kill('SIGKILL')
      }
      const unwatch = pid === undefined ? undefined : memory.watch({ pid, ceilingMb, exceeded })
      if (pid !== undefined) keeper.add(pid)

      const log = (text: string): void => {
        lastOutput = (lastOutput + text).slice(-LAST_OUTPUT_CHARACTERS)
        events.log(text)
      }
      child.stdout?.setEncoding('utf8').on('data', log)
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        lastWords = (lastWords + text).slice(-LAST_OUTPUT_CHARACTERS)
        log(text)
      })
      child.on('message', (message: FromSandbox) => {
        if (message.kind === 'crashed') reason ??= message.error
        if (message.kind === 'result' || message.kind === 'error') underWay -= 1
        events.message(message)
      })
      const end = (exitCode: number | undefined, signal: string | undefined): void => {
        unwatch?.()
        if (pid !== undefined) keeper.remove(pid)
        gone.resolve()
        const { memoryMb } = settings
        events.ended(reason ?? howItEnded({ exitCode, signal, lastWords, lastOutput, memoryMb }))
      }
      child.on('error', (error) => {
        if (pid !== undefined) return
        reason ??= exitError(`the sandbox could not be started: ${error.message}`)
        end(undefined, undefined)
      })
      child.on('exit', (code, signal) => {
        const late = setTimeout(() => child.emit('close', code, signal), LAST_WORDS_MILLISECONDS)
        child.once('close', () => {
          clearTimeout(late)
          end(code ?? undefined, signal ?? undefined)
        })
      })

      return {
        pid: pid ?? 0,
        send(message) {
          if (message.kind === 'invoke') underWay += 1
          if (child.connected) child.send(message, () => {})
        },
        kill() {
          child.kill('SIGKILL')
          return gone.promise
        },
      }
    },
    stop() {
      memory.stop()
      keeper.stop()
    },
  }
}

/** The sandbox of a function of another runtime than Node; undefined for one of Node. */
const otherRuntimes =
  (memory: ResidentMemory, keeper: Keeper) =>
  ({ runtime, ...settings }: SandboxSettings, environment: Record<string, string>, events: SandboxEvents) =>
    runtime === undefined
      ? undefined
      : new InterfaceSandbox({ ...settings, runtime }, { ...needed(), ...environment }, events, {
          keeper,
          watch: (pid, exceeded) =>
            memory.watch({ pid, ceilingMb: () => settings.memoryMb + RUNTIME_MB, exceeded }),
        })

/**
 * In the process group of the local cloud, so that a terminal suspends and continues both. It shares the local cloud's compile cache;
 * without that the types of every module would be stripped anew.
 */
function spawnSandbox(settings: SandboxSettings, environment: Record<string, string>): ChildProcess {
  const cache = process.env.NODE_DISABLE_COMPILE_CACHE ? '' : useCompileCache()
  const { inspectPort } = settings
  // Debuggers list a process by its title.
  const inspecting =
    inspectPort === undefined
      ? []
      : [`--inspect=127.0.0.1:${inspectPort}`, `--title=${settings.functionName}`]
  const module = new URL(`./sandbox${extname(import.meta.url)}`, import.meta.url)
  return spawn(
    process.execPath,
    [
      `--max-old-space-size=${settings.memoryMb}`,
      ...inspecting,
      '--eval',
      `${cache}import(${JSON.stringify(module.href)})`,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      windowsHide: true,
      env: { ...needed(), ...environment, ORCHESTRATOR_SANDBOX: JSON.stringify(settings) },
    },
  )
}

/** Variables that the dynamic loader needs, and those that fake the clock; on Windows no process starts without `SystemRoot`. */
const INHERITED = /^(SystemRoot|LD_\w+|DYLD_\w+|FAKETIME\w*|DONT_FAKE_\w+)$/

function needed(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => INHERITED.test(name)))
}
