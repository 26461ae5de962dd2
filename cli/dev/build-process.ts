import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { getCompileCacheDir } from 'node:module'
import { dirname, extname, join } from 'node:path'
import * as z from 'zod'

export const SourcesSchema = z.object({
  agents: z.record(z.string(), z.string()),
  workflows: z.record(z.string(), z.string()),
  from: z.array(z.object({ root: z.string(), agents: z.string(), workflows: z.string() })),
  files: z.array(z.string()),
  left: z.array(z.string()).default([]),
})
/** A digest of each agent and workflow; the folders they are loaded from; every file that agents import; those left out, for they cannot be deployed. */
export type Sources = z.infer<typeof SourcesSchema>

const AnswerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('built'),
    sources: SourcesSchema,
    warnings: z.array(z.string()),
    left: z.array(z.string()),
  }),
  z.object({ kind: z.literal('refused'), problems: z.array(z.string()) }),
  z.object({ kind: z.literal('restart'), reason: z.string() }),
  /** A file was saved during the build. */
  z.object({ kind: z.literal('outdated') }),
])
const MessageSchema = z.object({ nonce: z.string(), answer: AnswerSchema })
export type Answer = z.infer<typeof AnswerSchema>

/** The build script of this package, in a checkout or installed. */
const BUILD = join(import.meta.dirname, `../../infra/reload/build-changes${extname(import.meta.filename)}`)
const MOST_MILLISECONDS = 30_000

/** A process that has loaded everything for a build and waits for its single order. */
export class BuildProcess {
  readonly #child: ChildProcess
  /** Agents' modules run in the child and may send messages too; only the build script knows the nonce of the order. */
  readonly #nonce = randomUUID()
  readonly #answer = Promise.withResolvers<Answer>()
  #printed = ''

  /** `root` is the project's folder. */
  constructor(root: string, script: string = BUILD) {
    const cache = getCompileCacheDir()
    this.#child = fork(script, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
      env: {
        ...process.env,
        ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) }),
      },
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#printed = (this.#printed + text).slice(-10_000)
      })
    }
    this.#child.on('message', (message) => {
      const { data } = MessageSchema.safeParse(message)
      if (data?.nonce === this.#nonce) this.#answer.resolve(data.answer)
    })
    const gone = (why: string): void =>
      this.#answer.resolve({ kind: 'refused', problems: [why, ...this.#printed.trim().split('\n')] })
    this.#child.on('error', (error) => gone(`the build could not be started: ${error.message}`))
    this.#child.on('close', (code, signal) => gone(`the build ended before it answered (${signal ?? code})`))
  }

  /** `base` is the synthesized assembly, `folder` the target for the assembly with the changes; files in `left` need not be usable. */
  async build(order: { base: string; folder: string; left: readonly string[] }): Promise<Answer> {
    const timer = setTimeout(() => {
      const seconds = MOST_MILLISECONDS / 1_000
      const why = `the build took longer than ${seconds} s; does an agent compute without end when it is loaded?`
      this.#answer.resolve({ kind: 'refused', problems: [why] })
      this.stop()
    }, MOST_MILLISECONDS)
    // The process reads the order from the channel once it has loaded.
    this.#child.send({ ...order, nonce: this.#nonce }, () => {})
    try {
      return await this.#answer.promise
    } finally {
      clearTimeout(timer)
    }
  }

  stop(): void {
    this.#child.kill('SIGKILL')
  }
}
