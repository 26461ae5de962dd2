import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Emulator } from './emulator.ts'

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(ROOT, '.orchestrator/emulator')
const OUTPUTS = join(FOLDER, 'outputs.json')
/** What the emulator does not know (docs/emulator.md). */
const CONTEXT = ['--context', 'archiveEvents=false']

/** Runs the CDK's own CLI; throws with the end of what it said. */
export async function cdk({ env }: Emulator, ...args: string[]): Promise<void> {
  const child = spawn(
    join(ROOT, 'node_modules/.bin/cdk'),
    [...args, ...CONTEXT, '--output', join(FOLDER, 'cdk.out'), '--ci'],
    { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const heard: Buffer[] = []
  const hear = (chunk: Buffer): void => void heard.push(chunk)
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const code = await new Promise((resolve) => child.once('close', resolve))
  const said = Buffer.concat(heard).toString()
  if (code !== 0) throw new Error(`cdk ${args.join(' ')} has ended with ${code}:\n${said.slice(-6_000)}`)
}

export type Outputs = Record<string, Record<string, string>>

/** Deploys every stack; answers their outputs by stack. */
export async function deploy(emulator: Emulator): Promise<Outputs> {
  await cdk(emulator, 'deploy', '--all', '--require-approval', 'never', '--outputs-file', OUTPUTS)
  return JSON.parse(readFileSync(OUTPUTS, 'utf8')) as Outputs
}
