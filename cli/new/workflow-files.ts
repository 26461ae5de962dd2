import { stringify } from 'yaml'
import type { NewFiles } from './new-files.ts'

/** Paths of a workflow and its test; `up` is the relative path from the test to the workflow, `schemas` that from it to the JSON Schemas. */
export type WorkflowPlace = { workflow: string; test: string; up: string; schemas: string }

/** The schemas' folder, relative to a folder of a project in which this package is installed. */
export const SCHEMAS_OF_PACKAGE = '../node_modules/orchestrator/schemas'

export const besideIt = (name: string): WorkflowPlace => ({
  workflow: `workflows/${name}.yaml`,
  test: `workflows/${name}.test.ts`,
  up: `./${name}.yaml`,
  schemas: SCHEMAS_OF_PACKAGE,
})

export const underTest = (name: string): WorkflowPlace => ({
  workflow: `workflows/${name}.yaml`,
  test: `test/unit/workflow/${name}.test.ts`,
  up: `../../../workflows/${name}.yaml`,
  schemas: '../schemas',
})

/** A workflow of one step on a capability that takes `{name}` and returns `{text}`, and a test with a scripted agent. */
export function workflowFiles(
  name: string,
  capability: string,
  { workflow, test, up, schemas }: WorkflowPlace,
): NewFiles {
  return {
    [workflow]: `# yaml-language-server: $schema=${schemas}/workflow.schema.json
name: ${inYaml(name)}
version: 1
description: Greets by name.
input:
  type: object
  required: [name]
  properties:
    name: { type: string }
steps:
  greet:
    capability: ${inYaml(capability)}
    input: { name: "{% $input.name %}" }
output:
  text: "{% $steps.greet.text %}"
`,
    [test]: `import { readFileSync } from 'node:fs'
import { testWorkflow } from 'orchestrator/testing'
import { expect, it } from 'vitest'

const workflow = readFileSync(new URL('${up}', import.meta.url), 'utf8')

it('answers what its agent has written', async () => {
  const run = await testWorkflow(workflow, {
    input: { name: 'Ada' },
    agents: { '${capability}': { output: { text: 'Hello, Ada!' }, seconds: 2 } },
  })
  expect(run.result).toEqual({ text: 'Hello, Ada!' })
})

it('fails where its agent fails for good', async () => {
  const run = await testWorkflow(workflow, {
    input: { name: 'Ada' },
    agents: { '${capability}': { fails: 'AgentFailedError' } },
  })
  expect(run.status).toBe('failed')
  expect(run.error?.stepId).toBe('greet')
})
`,
  }
}

/** A text as a scalar of YAML: in quotes where YAML would read another type, as in `null`. */
const inYaml = (text: string): string => stringify(text, { lineWidth: 0 }).trimEnd()
