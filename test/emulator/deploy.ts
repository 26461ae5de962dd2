import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Emulator } from './emulator.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Types that the emulator does not support (docs/explanation/emulator.md): removed here, so that the templates need not avoid them. */
export const UNKNOWN_TYPES = ['AWS::Events::Archive', 'AWS::Logs::QueryDefinition']

/** The outputs of all stacks. */
export type Outputs = Readonly<Record<string, string>>
type Resource = { Type: string; Properties?: Record<string, unknown> }
type Template = { Resources: Record<string, Resource> }
type MetricStat = { Metric: object; Stat: string; Period: number }
type Said = { answer: string; words: string }

/** Runs the CDK's own CLI on a synthesized assembly. Throws with the end of its output when it fails. */
export const cdk = (emulator: Emulator, assembly: string, ...args: string[]): Promise<Said> =>
  run(emulator, 'node_modules/aws-cdk/bin/cdk', [...args, '--app', assembly, ...QUIET])

/** Deploys every stack of an assembly with `npm run deploy`; returns their outputs, and the CLI's output. */
export async function deploy(
  emulator: Emulator,
  assembly: string,
  ...options: string[]
): Promise<{ outputs: Outputs; words: string }> {
  leaveOutUnknown(assembly)
  const own = ['deploy', 'default', '--json', '--app', assembly, '--require-approval', 'never']
  const args = [...own, ...options, ...QUIET]
  const { answer, words } = await run(emulator, 'scripts/stage.ts', args)
  return { outputs: JSON.parse(answer) as Outputs, words }
}

/** Removes every stack with `npm run destroy`; returns the names of retained resources. */
export async function destroy(emulator: Emulator, assembly: string): Promise<string[]> {
  const args = ['destroy', 'default', '--json', '--app', assembly, '--force', ...QUIET]
  const { answer } = await run(emulator, 'scripts/stage.ts', args)
  return (JSON.parse(answer) as { kept: string[] }).kept
}

const QUIET = ['--ci', '--no-notices']

async function run({ env }: Emulator, script: string, args: string[]): Promise<Said> {
  const child = spawn(process.execPath, [join(ROOT, script), ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [answered, said] = [[] as Buffer[], [] as Buffer[]]
  child.stdout.on('data', (chunk: Buffer) => void answered.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => void said.push(chunk))
  const code = await new Promise((resolve) => child.once('close', resolve))
  const [answer, words] = [Buffer.concat(answered).toString(), Buffer.concat(said).toString()]
  if (code === 0) return { answer, words }
  throw new Error(
    `${script} ${args.join(' ')} has ended with ${code}:\n${answer.slice(-2_000)}\n${words.slice(-6_000)}`,
  )
}

/** Makes the first deployment fail late: adds an event bus that cannot be created, after all other resources. */
export function failAtFirst(assembly: string, { Name }: { Name: string }): void {
  const file = join(assembly, 'orchestrator-data.template.json')
  const template = JSON.parse(readFileSync(file, 'utf8')) as Template
  const DependsOn = Object.keys(template.Resources).filter((id) => /^(Tasks|Registry|Bucket)/.test(id))
  const Taken = { Type: 'AWS::Events::EventBus', DependsOn, Properties: { Name } }
  writeFileSync(file, JSON.stringify({ ...template, Resources: { ...template.Resources, Taken } }, null, 1))
}

function leaveOutUnknown(assembly: string): void {
  for (const name of readdirSync(assembly).filter((file) => file.endsWith('.template.json'))) {
    const file = join(assembly, name)
    const template = JSON.parse(readFileSync(file, 'utf8')) as Template
    const known = Object.entries(template.Resources).filter(([, { Type }]) => !UNKNOWN_TYPES.includes(Type))
    const Resources = Object.fromEntries(known.map(([id, resource]) => [id, withoutMetricMath(resource)]))
    writeFileSync(file, JSON.stringify({ ...template, Resources }, null, 1))
  }
}

/** Replaces an alarm's metric math by its first metric. */
function withoutMetricMath(resource: Resource): Resource {
  const { Metrics, ...rest } = resource.Properties ?? {}
  const stat = (Metrics as { MetricStat?: MetricStat }[] | undefined)?.find(({ MetricStat }) => MetricStat)
  if (resource.Type !== 'AWS::CloudWatch::Alarm' || !stat?.MetricStat) return resource
  const { Metric, Stat: Statistic, Period } = stat.MetricStat
  return { ...resource, Properties: { ...rest, ...Metric, Statistic, Period } }
}
