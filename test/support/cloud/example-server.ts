import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export type ExampleServer = { origin: string; child: ChildProcess }

/** Starts a server of the examples as a process, on a free port that it tells. Its origin is of this machine. */
export async function startExample(
  command: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<ExampleServer> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close').then(([code]) => {
    throw new Error(`${command} ${args.join(' ')} has ended: ${code}`)
  })
  ended.catch(() => {})
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as string[]
  return { origin: `http://127.0.0.1:${/\d+/.exec(line ?? '')?.[0]}`, child }
}
