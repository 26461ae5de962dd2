import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { afterAll, describe, expect, it } from 'vitest'
import { featureFlags } from '../../infra/feature-flags.ts'
import { DataStack } from '../../infra/stacks/data-stack.ts'
import { RuntimeStack } from '../../infra/stacks/runtime-stack.ts'
import { StageSchema } from '../../infra/stage.ts'
import { makeAgent } from '../support/make-agent.ts'

const folder = mkdtempSync(join(tmpdir(), 'many-agents-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const bundle = join(folder, 'bundle')
mkdirSync(bundle)
writeFileSync(join(bundle, 'index.mjs'), '')

type Template = {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>
  Outputs?: Record<string, unknown>
}

/** The templates of a runtime stack with so many agents. */
function synthesize(count: number): Template[] {
  const outdir = join(folder, String(count))
  const app = new App({ outdir, analyticsReporting: false, context: featureFlags() })
  const stage = StageSchema.parse({})
  const data = new DataStack(app, 'data', { stage })
  const agents = Array.from({ length: count }, (_, at) => {
    const {
      status: _s,
      functionArn: _f,
      origin: _o,
      registeredAt: _r,
      ...manifest
    } = makeAgent({ id: `a${at}` })
    return { manifest, entry: '' }
  })
  const bundles = { folderOf: () => bundle, catalogueDigest: '' }
  new RuntimeStack(app, 'runtime', { stage, catalogue: { agents, workflows: [] }, bundles, data })
  app.synth()
  return readdirSync(outdir)
    .filter((file) => file.startsWith('runtime') && file.endsWith('template.json'))
    .map((file) => JSON.parse(readFileSync(join(outdir, file), 'utf8')) as Template)
}

const agentNames = (templates: Template[]): string[] =>
  templates
    .flatMap(({ Resources }) => Object.values(Resources))
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => String(Properties.FunctionName))
    .filter((name) => name.includes('-agent-'))

describe('a runtime stack with many agents', () => {
  it('is one stack as long as they fit', () => {
    const templates = synthesize(80)
    expect(templates).toHaveLength(1)
    expect(agentNames(templates)).toContain('orchestrator-agent-a79')
  })

  it('spreads more over nested stacks, none of them near what CloudFormation takes', () => {
    const templates = synthesize(400)
    expect(templates).toHaveLength(6)
    expect(new Set(agentNames(templates)).size).toBe(400)
    for (const { Resources, Outputs = {} } of templates) {
      expect(Object.keys(Resources).length).toBeLessThan(480)
      expect(Object.keys(Outputs).length).toBeLessThan(200)
    }
  })

  it('moves no agent when one comes', () => {
    const before = new Set(agentNames(synthesize(100)))
    const after = agentNames(synthesize(101))
    expect(after.filter((name) => !before.has(name))).toEqual([
      expect.stringMatching(/^orchestrator-agent-a100_[12]$/),
    ])
  })
})
