import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import greeter from '../../examples/agents/greeter.ts'
import { issuesOfCompiling } from '../../shared/compiler/index.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'

it('the example workflow compiles, and the example agent serves it', () => {
  const text = readFileSync(join(import.meta.dirname, '../../examples/workflows/greeting.yaml'), 'utf8')
  const { workflow, issues } = validateWorkflow(text)
  expect(issues).toEqual([])
  expect(workflow && issuesOfCompiling(workflow)).toEqual([])
  expect(greeter.manifest.capabilities.map(({ name }) => name)).toEqual(['greeting.write'])
})
