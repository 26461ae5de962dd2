import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { installPackages } from './python-packages.ts'

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(ROOT, '.orchestrator/emulator')
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')
const START_SECONDS = 60
const STOP_SECONDS = 10

export type Emulator = {
  url: string
  /** The environment for clients of the emulator: the CDK's CLI, AWS's SDK. */
  env: NodeJS.ProcessEnv
  stop(): Promise<void>
}

/** Installs the emulator beside the project, and starts it empty. Throws MissingPythonError with what is missing. */
export async function startEmulator(): Promise<Emulator> {
  const bin = installPackages(REQUIREMENTS, 'emulator')
  rmSync(join(FOLDER, 'state'), { recursive: true, force: true })
  mkdirSync(join(FOLDER, 'state'), { recursive: true })
  const port = await freePort()
  const logFile = join(FOLDER, 'emulator.log')
  const log = openSync(logFile, 'w')
  const env = {
    ...process.env,
    // The functions run on the Node that the project brings.
    PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
    GATEWAY_PORT: String(port),
  }
  const child = spawn(join(bin, 'ministack'), {
    cwd: join(FOLDER, 'state'),
    env,
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  const url = `http://127.0.0.1:${port}`
  const logTail = (): string => readFileSync(logFile, 'utf8').slice(-4_000)
  const stopping = () => stop(child)
  stopWithUs(child)
  await untilUp(url, child, logTail).catch(async (error: unknown) => {
    await stopping()
    throw error
  })
  return {
    url,
    env: {
      ...env,
      AWS_ENDPOINT_URL: url,
      AWS_ENDPOINT_URL_S3: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      CDK_DEFAULT_ACCOUNT: '000000000000',
      CDK_DEFAULT_REGION: 'us-east-1',
    },
    stop: stopping,
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}

async function untilUp(url: string, child: ChildProcess, logTail: () => string): Promise<void> {
  for (const until = Date.now() + START_SECONDS * 1_000; Date.now() < until; ) {
    if (child.exitCode !== null) throw new Error(`the emulator has ended: ${logTail()}`)
    const answer = await fetch(url).catch(() => undefined)
    if (answer) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`the emulator did not start within ${START_SECONDS} s: ${logTail()}`)
}

/** Stops the emulator when this process ends, also by Ctrl-C or a time limit. */
function stopWithUs(child: ChildProcess): void {
  const kill = (): void => {
    if (child.exitCode === null && child.pid) process.kill(-child.pid, 'SIGKILL')
  }
  process.once('exit', kill)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      kill()
      process.kill(process.pid, signal)
    })
  }
}

/** Stops the process group, which includes the processes of functions. */
async function stop(child: ChildProcess): Promise<void> {
  const group = -(child.pid ?? 0)
  if (group === 0 || child.exitCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  process.kill(group, 'SIGTERM')
  const timer = setTimeout(() => process.kill(group, 'SIGKILL'), STOP_SECONDS * 1_000)
  await gone
  clearTimeout(timer)
}
