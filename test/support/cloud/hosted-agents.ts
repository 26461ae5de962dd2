/** Agents that another app deploys (`HostedAgent`), beside an orchestrator on the local cloud. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { featureFlags, HostedAgent } from '../../../infra/index.ts'
import type { Stage } from '../../../infra/stage.ts'
import { RegisterAgentSchema } from '../../../shared/contracts/requests.ts'
import { hostedArn } from '../../../shared/domain/agent-function.ts'

const ROOT = join(import.meta.dirname, '../../..')
const LOCAL = { partition: 'aws', region: 'us-east-1', account: '000000000000', prefix: 'orchestrator-' }

/** A project with agents, each by its id and the text of its module. */
export function project(root: string, agents: Readonly<Record<string, string>>): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  mkdirSync(join(root, 'node_modules/@aws-sdk'))
  for (const [name, target] of [
    ['orchestrator', ROOT],
    ['zod', join(ROOT, 'node_modules/zod')],
    ['@aws-sdk/client-dynamodb', join(ROOT, 'node_modules/@aws-sdk/client-dynamodb')],
  ] as const)
    symlinkSync(target, join(root, 'node_modules', name))
  for (const [id, text] of Object.entries(agents)) {
    const file = join(root, 'agents', id, 'index.ts')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/** The module of an agent with one capability of any input and output. */
export const agentText = (id: string, capability: string, execute: string): string => `
  import { defineAgent } from 'orchestrator/agent'
  import * as z from 'zod'
  export default defineAgent({
    id: '${id}',
    version: '1.0.0',
    description: 'Is hosted elsewhere.',
    capabilities: { '${capability}': { description: 'Anything.', input: z.json(), output: z.json() } },
    execute: async ({ input }, context) => (${execute}),
  })
`

export type Hosted = { id: string; tenant?: string; text: string; stage?: Partial<Stage> }
export type Registration = ReturnType<typeof RegisterAgentSchema.parse> & { functionArn: string }

/** Synthesizes the agents of a team and puts them beside an assembly, as if both were deployed into one account. Answers how each is registered. */
export async function addHostedAgents(assembly: string, agents: readonly Hosted[]): Promise<Registration[]> {
  const team = mkdtempSync(join(tmpdir(), 'hosted-team-'))
  project(team, Object.fromEntries(agents.map(({ id, text }) => [id, text])))
  const outdir = join(team, 'cdk.out')
  const app = new App({ outdir, analyticsReporting: false, context: featureFlags() })
  const stack = new Stack(app, 'hosted')
  const made: Registration[] = []
  for (const { id, tenant = 'default', stage = {} } of agents) {
    const { manifest } = await HostedAgent.create(stack, `${tenant}-${id}`, {
      root: team,
      agent: `agents/${id}`,
      tenant,
      stage: { prefix: 'orchestrator', ...stage },
    })
    const functionArn = hostedArn(LOCAL, { tenant, id })
    made.push({ ...RegisterAgentSchema.parse({ ...manifest, functionArn }), functionArn })
  }
  app.synth()
  mergeAssemblies(outdir, assembly)
  return made
}

/** Both assemblies as one. */
export function mergeAssemblies(from: string, to: string): void {
  for (const name of readdirSync(from))
    if (name !== 'manifest.json') cpSync(join(from, name), join(to, name), { recursive: true })
  const [theirs, ours] = [from, to].map((one) => JSON.parse(readFileSync(join(one, 'manifest.json'), 'utf8')))
  const { tree: _tree, ...artifacts } = theirs.artifacts
  writeFileSync(
    join(to, 'manifest.json'),
    JSON.stringify({ ...ours, artifacts: { ...ours.artifacts, ...artifacts } }),
  )
}
