import { stringify } from 'yaml'
import { StepIdSchema } from '../../shared/workflow/step-id.ts'
import type { NewFiles } from './new-files.ts'
import { sampleOf } from './sample-of.ts'

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

/** What is known of a capability. */
export type KnownCapability = {
  description: string
  inputSchema: Record<string, unknown>
  outputSchema: Record<string, unknown>
}

/**
 * A workflow of one step on a capability, and a test with a scripted agent. Where nothing is `known` of the capability, it is taken for one
 * that takes `{name}` and returns `{text}`.
 */
export function workflowFiles(
  name: string,
  capability: string,
  place: WorkflowPlace,
  known?: KnownCapability,
): NewFiles {
  return known ? filesOf(name, capability, place, known) : filesOfGreeting(name, capability, place)
}

/** The workflow takes what the capability takes, and answers what it answers. */
function filesOf(
  name: string,
  capability: string,
  { workflow, test, up, schemas }: WorkflowPlace,
  { description, inputSchema, outputSchema }: KnownCapability,
): NewFiles {
  const step = stepIdOf(capability)
  const { $schema: _, ...input } = inputSchema as { $schema?: string; properties?: object }
  const fields = Object.keys(input.properties ?? {})
  const definition = {
    ...{ name, version: 1, description },
    ...(fields.length > 0 ? { input } : {}),
    steps: {
      [step]: {
        capability,
        // A step without an input gets that of the task.
        ...(fields.length > 0 && fields.every((field) => PLAIN.test(field))
          ? { input: Object.fromEntries(fields.map((field) => [field, `{% $input.${field} %}`])) }
          : {}),
      },
    },
    output: `{% $steps.${step} %}`,
  }
  const json = (value: unknown): string => JSON.stringify(value, null, 2)
  return {
    [workflow]: `# yaml-language-server: $schema=${schemas}/workflow.schema.json\n${stringify(definition, { lineWidth: 0 })}`,
    [test]: `import { readFileSync } from 'node:fs'
import { testWorkflow } from 'orchestrator/testing'
import { expect, it } from 'vitest'

const workflow = readFileSync(new URL('${up}', import.meta.url), 'utf8')
const input = ${json(sampleOf(inputSchema))}
const output = ${json(sampleOf(outputSchema))}

it('answers what its agent has answered', async () => {
  const run = await testWorkflow(workflow, { input, agents: { '${capability}': { output, seconds: 2 } } })
  expect(run.result).toEqual(output)
})

it('fails where its agent fails for good', async () => {
  const run = await testWorkflow(workflow, { input, agents: { '${capability}': { fails: 'AgentFailedError' } } })
  expect(run.status).toBe('failed')
  expect(run.error?.stepId).toBe('${step}')
})
`,
  }
}

/** A name that an expression can have after a dot. */
const PLAIN = /^[A-Za-z_]\w*$/

/** The last word of a capability, if it is the id of a step. */
function stepIdOf(capability: string): string {
  const last = capability.split('.').at(-1) ?? ''
  return StepIdSchema.safeParse(last).success && PLAIN.test(last) ? last : 'work'
}

function filesOfGreeting(
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
