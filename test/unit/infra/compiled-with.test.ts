import { expect, it } from 'vitest'
import { compiledWith } from '../../../infra/compiled-with.ts'
import { compileWorkflow } from '../../../shared/compiler/index.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { makeManifest } from '../../support/agents/make-agent.ts'

const { workflow } = validateWorkflow({ name: 'w', steps: { build: { capability: 'job.run', input: {} } } })
if (!workflow) throw new Error('the workflow is not valid')
const catalogue = { agents: [], workflows: [{ workflow, compiled: compileWorkflow(workflow) }] }
const offering = (suspends: boolean) => {
  const capability = { name: 'job.run', description: '', inputSchema: {}, outputSchema: {}, suspends }
  return [{ manifest: { ...makeManifest({ id: 'builder' }), capabilities: [capability] } }]
}

it('steps whose agent elsewhere may suspend have the states for it', () => {
  const [compiled] = compiledWith(catalogue, offering(true)).workflows
  expect(compiled?.compiled.suspending).toEqual(['build'])
  expect(JSON.stringify(compiled?.compiled.definition)).toContain('waitForTaskToken')
})

it('a catalogue stays as it is where no agent elsewhere suspends', () => {
  expect(compiledWith(catalogue, offering(false))).toBe(catalogue)
})
