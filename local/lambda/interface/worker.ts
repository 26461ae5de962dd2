import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { exitError, howItEnded, LAST_OUTPUT_CHARACTERS, outOfMemory } from '../sandbox/how-it-ended.ts'
import type { FunctionError, Invoke, SandboxSettings } from '../sandbox/messages.ts'
import { PYTHON_BOOTSTRAP } from './python-bootstrap.ts'
import { RuntimeApi, type Said } from './runtime-api.ts'

export type InterfaceSettings = Pick<SandboxSettings, 'entry' | 'handler' | 'functionArn' | 'memoryMb'> & {
  runtime: string
}

export type Watching = {
  keeper: { add(pid: number): void; remove(pid: number): void }
  /** Ends a process that takes more memory than its function has; returns what stops that. */
  watch(pid: number, exceeded: () => void): () => void
}

type Events = {
  heard(said: Said): void
  log(text: string): void
  /** Called once. */
  ended(reason: FunctionError): void
}

/** One process of a runtime, with one invocation at a time. */
export class Worker {
  /** The invocation that it has. */
  id: string | undefined
  /** Whether it has asked for an event. */
  waits = false
  readonly #settings: InterfaceSettings
  readonly #watching: Watching
  readonly #events: Events
  readonly #api: RuntimeApi
  #child: ChildProcess | undefined
  #unwatch: (() => void) | undefined
  #ended = false

  constructor(settings: InterfaceSettings, watching: Watching, events: Events) {
    this.#settings = settings
    this.#watching = watching
    this.#events = events
    this.#api = new RuntimeApi(settings.functionArn, (said) => this.#hear(said))
  }

  async start(environment: Record<string, string | undefined>): Promise<void> {
    const address = await this.#api.listen()
    if (this.#ended) return
    const child = spawnRuntime(this.#settings, { ...environment, AWS_LAMBDA_RUNTIME_API: address })
    this.#child = child
    let reason: FunctionError | undefined
    if (child.pid !== undefined) {
      this.#watching.keeper.add(child.pid)
      this.#unwatch = this.#watching.watch(child.pid, () => {
        reason = outOfMemory(this.#settings.memoryMb)
        child.kill('SIGKILL')
      })
    }
    let [lastWords, lastOutput] = ['', '']
    const log = (text: string): void => {
      lastOutput = (lastOutput + text).slice(-LAST_OUTPUT_CHARACTERS)
      this.#events.log(text)
    }
    child.stdout?.setEncoding('utf8').on('data', log)
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_OUTPUT_CHARACTERS)
      log(text)
    })
    child.on('error', ({ message }) =>
      this.#end(exitError(`${this.#settings.runtime} could not be started: ${message}`)),
    )
    child.on('close', (code, signal) => {
      const end = { exitCode: code ?? undefined, signal: signal ?? undefined, lastWords, lastOutput }
      this.#end(reason ?? howItEnded({ ...end, memoryMb: this.#settings.memoryMb }))
    })
  }

  give(invocation: Invoke): void {
    this.waits = false
    this.id = invocation.id
    this.#api.give(invocation)
  }

  kill(): void {
    if (this.#child) this.#child.kill('SIGKILL')
    else this.#end(exitError('the sandbox has ended'))
  }

  #hear(said: Said): void {
    if (said.kind === 'unusable') return this.#end(said.error, said)
    if (said.kind === 'next') this.waits = true
    // What a process says of an invocation that it does not have is nothing.
    else if (said.id !== this.id) return
    else this.id = undefined
    this.#events.heard(said)
  }

  #end(reason: FunctionError, said?: Said): void {
    if (this.#ended) return
    this.#ended = true
    this.#api.close()
    this.#unwatch?.()
    if (this.#child?.pid !== undefined) this.#watching.keeper.remove(this.#child.pid)
    if (said) this.#events.heard(said)
    this.#events.ended(reason)
  }
}

function spawnRuntime(
  { entry, handler, runtime }: InterfaceSettings,
  environment: Record<string, string | undefined>,
): ChildProcess {
  const [command, args] = runtime.startsWith('python')
    ? ['python3', ['-u', '-c', PYTHON_BOOTSTRAP]]
    : [join(entry, 'bootstrap'), []]
  return spawn(command, args, {
    cwd: entry,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    env: {
      PATH: process.env.PATH,
      ...environment,
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: entry,
      // The folder is the author's own.
      PYTHONDONTWRITEBYTECODE: '1',
    },
  })
}
