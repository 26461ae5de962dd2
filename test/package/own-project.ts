import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

export type Ended = { code: number | null; stdout: string; stderr: string }

/** The environment of npx in a user's project: the project's commands are found first, the checkout's not at all. */
function environment(folder: string): NodeJS.ProcessEnv {
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.startsWith(ROOT))
  const own = join(folder, 'node_modules/.bin')
  return {
    ...process.env,
    PATH: [own, ...path].join(delimiter),
    NO_COLOR: '1',
    CI: '1',
    AWS_REGION: undefined,
  }
}

export function start(folder: string, command: string, args: readonly string[]): ChildProcess {
  const file = ['npm', 'env'].includes(command) ? command : join(folder, 'node_modules/.bin', command)
  return spawn(file, args, { cwd: folder, env: environment(folder), stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs a command in a project to its end. */
export async function run(folder: string, command: string, ...args: readonly string[]): Promise<Ended> {
  const child = start(folder, command, args)
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text
    })
  }
  const code = await new Promise<number | null>((done, reject) => child.on('close', done).on('error', reject))
  return { code, ...printed }
}

/** The reason why npm could not install, if no registry is reachable and the cache lacks the package; undefined for other failures. */
export function npmFailure({ code, stderr }: Ended): string | undefined {
  const reason = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ETIMEDOUT|ENOTCACHED)\b/.exec(
    stderr,
  )
  return code === 0 ? undefined : reason?.[0]
}

/** Waits until a child's output matches the pattern; rejects with all of its output if the child ends first. */
export function printedBy(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let printed = ''
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        const found = pattern.exec(printed)
        if (found) resolve(found)
      })
    }
    child.on('close', (code) =>
      reject(new Error(`it ended with ${code} before it printed ${pattern}:\n${printed}`)),
    )
  })
}
