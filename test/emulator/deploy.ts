import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Emulator } from './emulator.ts'

const ROOT = join(import.meta.dirname, '../..')

/** What the emulator does not know (docs/emulator.md): left out of the templates, so that they stay as AWS gets them. */
export const UNKNOWN_TYPES = ['AWS::Events::Archive', 'AWS::Logs::QueryDefinition']

export type Outputs = Record<string, Record<string, string>>
type Template = { Resources: Record<string, { Type: string }> }

/** Runs the CDK's own CLI on a synthesized assembly; answers what it said, throws with the end of it when it fails. */
export async function cdk({ env }: Emulator, assembly: string, ...args: string[]): Promise<string> {
  const child = spawn(
    join(ROOT, 'node_modules/.bin/cdk'),
    [...args, '--app', assembly, '--ci', '--no-notices'],
    { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const heard: Buffer[] = []
  const hear = (chunk: Buffer): void => void heard.push(chunk)
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const code = await new Promise((resolve) => child.once('close', resolve))
  const said = Buffer.concat(heard).toString()
  if (code !== 0) throw new Error(`cdk ${args.join(' ')} has ended with ${code}:\n${said.slice(-6_000)}`)
  return said
}

/** Deploys every stack of an assembly; answers their outputs by stack, and what the CLI said. */
export async function deploy(
  emulator: Emulator,
  assembly: string,
): Promise<{ outputs: Outputs; said: string }> {
  leaveOutUnknown(assembly)
  const file = join(assembly, 'outputs.json')
  const said = await cdk(
    emulator,
    assembly,
    ...['deploy', '--all', '--require-approval', 'never', '--outputs-file', file],
  )
  return { outputs: JSON.parse(readFileSync(file, 'utf8')) as Outputs, said }
}

function leaveOutUnknown(assembly: string): void {
  for (const name of readdirSync(assembly).filter((file) => file.endsWith('.template.json'))) {
    const file = join(assembly, name)
    const template = JSON.parse(readFileSync(file, 'utf8')) as Template
    const known = Object.entries(template.Resources).filter(([, { Type }]) => !UNKNOWN_TYPES.includes(Type))
    const changed = { ...template, Resources: Object.fromEntries(known) }
    writeFileSync(file, JSON.stringify(changed, null, 1))
  }
}
