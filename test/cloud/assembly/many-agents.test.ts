import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { afterAll, describe, expect, it } from 'vitest'
import { featureFlags } from '../../../infra/feature-flags.ts'
import { DataStack } from '../../../infra/stacks/data-stack.ts'
import { ObservabilityStack } from '../../../infra/stacks/observability-stack.ts'
import { RuntimeStack } from '../../../infra/stacks/runtime-stack.ts'
import { StageSchema } from '../../../infra/stage.ts'
import { compileWorkflow } from '../../../shared/compiler/index.ts'
import type { Workflow } from '../../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { makeManifest } from '../../support/agents/make-agent.ts'

const folder = mkdtempSync(join(tmpdir(), 'many-agents-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const bundle = join(folder, 'bundle')
mkdirSync(bundle)
writeFileSync(join(bundle, 'index.mjs'), '')

type Template = {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>
  Outputs?: Record<string, unknown>
}

const made = new Map<string, Template[]>()

/** The templates of the runtime and observability stacks with `count` agents; synthesized once, in a folder of that name. */
function synthesize(count: number, workflows: Workflow[] = []): Template[] {
  const name = `${count}-${workflows.length}`
  const templates = made.get(name) ?? templatesIn(join(folder, name), count, workflows)
  made.set(name, templates)
  return templates
}

function templatesIn(outdir: string, count: number, workflows: Workflow[]): Template[] {
  const app = new App({ outdir, analyticsReporting: false, context: featureFlags() })
  const stage = StageSchema.parse({})
  const data = new DataStack(app, 'data', { stage })
  const agents = Array.from({ length: count }, (_, at) => ({
    manifest: makeManifest({ id: `a${at}` }),
    entry: '',
  }))
  const bundles = { folderOf: () => bundle, catalogueDigest: '' }
  const compiled = workflows.map((workflow) => ({ workflow, compiled: compileWorkflow(workflow), file: '' }))
  const catalogue = { agents, workflows: compiled }
  process.env.CDK_OUTDIR = outdir
  const runtime = new RuntimeStack(app, 'runtime', { stage, catalogue, bundles, data })
  new ObservabilityStack(app, 'observability', { stage, catalogue, data, runtime })
  app.synth()
  delete process.env.CDK_OUTDIR
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

  it('spreads more over nested stacks, none of them near CloudFormation’s limits', () => {
    const templates = synthesize(400)
    expect(templates).toHaveLength(5)
    expect(new Set(agentNames(templates)).size).toBe(400)
    for (const { Resources, Outputs = {} } of templates) {
      expect(Object.keys(Resources).length).toBeLessThan(480)
      expect(Object.keys(Outputs).length).toBeLessThan(200)
    }
  })

  it('moves no agent when one is added', () => {
    const before = new Set(agentNames(synthesize(100)))
    const after = agentNames(synthesize(101))
    expect(after.filter((name) => !before.has(name))).toEqual(['orchestrator-agent-a100_1'])
  })

  it('renames none when there is one more than the stack can hold', () => {
    const after = agentNames(synthesize(81))
    expect(agentNames(synthesize(80)).filter((name) => !after.includes(name))).toEqual([])
    expect(after).toContain('orchestrator-agent-a80_1')
  })
})

function workflowOf(name: string, count: number): Workflow {
  const steps = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `s${at}`,
      { capability: 'work.do', ...(at === 0 ? {} : { needs: [`s${at - 1}`] }) },
    ]),
  )
  const { workflow, issues } = validateWorkflow({ name, steps })
  if (!workflow) throw new Error(JSON.stringify(issues))
  return workflow
}

describe('a runtime stack with many workflows, or large ones', () => {
  it.each([
    ['one that is split over several machines', [workflowOf('large', 700)]],
    ['two hundred small ones', Array.from({ length: 200 }, (_, at) => workflowOf(`w${at}`, 5))],
    ['many beside many agents', Array.from({ length: 117 }, (_, at) => workflowOf(`w${at}`, 5)), 79],
    ['more than a stack takes', Array.from({ length: 600 }, (_, at) => workflowOf(`w${at}`, 2))],
  ])('stays below what CloudFormation takes of a template: %s', (_what, workflows, agents = 1) => {
    const templates = synthesize(agents, workflows)
    for (const template of templates) {
      expect(JSON.stringify(template).length).toBeLessThan(900_000)
      expect(Object.keys(template.Resources).length).toBeLessThan(490)
      expect(Object.keys(template.Outputs ?? {}).length).toBeLessThan(200)
    }
    const machines = templates
      .flatMap(({ Resources }) => Object.values(Resources))
      .filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')
    expect(machines.length).toBeGreaterThanOrEqual(workflows.length)
    if (workflows.length !== 117)
      for (const { Properties } of machines) expect(Properties).toHaveProperty('DefinitionS3Location')
  })

  it('is observed by the names of its functions', () => {
    synthesize(81)
    const observed = readFileSync(join(folder, '81-0', 'observability.template.json'), 'utf8')
    const groups = new Set([...observed.matchAll(/orchestrator-agent-a\d+(_\d)?/g)].map(([name]) => name))
    expect(groups.size).toBeGreaterThan(20)
    const names = new Set(agentNames(synthesize(81)))
    expect([...groups].filter((name) => !names.has(name))).toEqual([])
  })
})
