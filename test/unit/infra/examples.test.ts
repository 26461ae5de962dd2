import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import greeter from '../../../examples/agents/greeter.ts'
import { issuesOfCompiling } from '../../../shared/compiler/index.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const FOLDER = join(import.meta.dirname, '../../../examples/workflows')

it.each(readdirSync(FOLDER).filter((file) => file.endsWith('.yaml')))('the example %s compiles', (file) => {
  const { workflow, issues } = validateWorkflow(readFileSync(join(FOLDER, file), 'utf8'))
  expect(issues).toEqual([])
  expect(workflow && issuesOfCompiling(workflow)).toEqual([])
})

it('the example agent serves the example workflow', () => {
  expect(greeter.manifest.capabilities.map(({ name }) => name)).toEqual(['greeting.write'])
})
