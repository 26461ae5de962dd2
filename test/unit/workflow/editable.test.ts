import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { versionsOfChildren } from '../../../shared/app/choice/versions-of-children.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const step = { capability: 'echo' }

describe('blocks for anchors', () => {
  const text = `x-careful: &careful
  retry: { maxAttempts: 5 }
  timeoutSeconds: 60
x-models: [a, b]
$schema: ../schemas/workflow.schema.json
name: anchors
steps:
  a: { <<: *careful, capability: echo, x-owner: someone }
  b:
    <<: [*careful]
    capability: echo
    timeoutSeconds: 5
`

  it('are ignored themselves, and are merged where an alias refers to them', () => {
    const { workflow, issues } = validateWorkflow(text)
    expect(issues).toEqual([])
    expect(workflow?.steps).toMatchObject({
      a: { retry: { maxAttempts: 5 }, timeoutSeconds: 60 },
      b: { retry: { maxAttempts: 5 }, timeoutSeconds: 5 },
    })
    expect(JSON.stringify(workflow)).not.toMatch(/x-|schema/)
  })

  it('are the place of issues in merged values', () => {
    const { issues } = validateWorkflow(text.replace('maxAttempts: 5', 'maxAttempts: 50'))
    expect(issues.map(({ path, line }) => `${path} ${line}`)).toEqual([
      'steps.a.retry.maxAttempts 2',
      'steps.b.retry.maxAttempts 2',
    ])
  })

  it('are not allowed inside a step', () => {
    const issues = validateWorkflow({ name: 'w', steps: { a: { ...step, retry: { 'x-a': 1 } } } }).issues
    expect(issues).toMatchObject([{ code: 'unknown-field', path: 'steps.a.retry.x-a' }])
    expect(validateWorkflow({ name: 'w', steps: { a: step }, $schema: 1 }).issues).toMatchObject([
      { code: 'unknown-field', path: '$schema' },
    ])
  })
})

it.each<[string, unknown[], string]>([
  ['with ids', [{ id: 'fetch', ...step }], '"fetch: { capability: ... }" in place of "- id: fetch"'],
  ['with names', [{ name: 'fetch', ...step }], '"fetch: { capability: ... }" in place of "- name: fetch"'],
  [
    'of one key each',
    [{ fetch: step }, { save: step }],
    '"fetch: { capability: ... }" in place of "- fetch:"',
  ],
  ['without ids', [step], '"<id>: { capability: ... }" in place of "- capability: ..."'],
  ['of nothing', [], '"<id>: { capability: ... }"'],
])('says how steps as a list %s are written', (_what, steps, told) => {
  for (const [workflow, path] of [
    [{ name: 'w', steps }, 'steps'],
    [
      { name: 'w', steps: { a: { repeat: { steps, until: '{% true %}', maxIterations: 1 } } } },
      'steps.a.repeat.steps',
    ],
  ] as const) {
    const { issues } = validateWorkflow(workflow)
    expect(issues).toMatchObject([{ code: 'steps-as-list', path }])
    expect(issues[0]?.message).toContain(told)
  }
})

it('tells the place of an issue that is found after the check of the workflow alone', async () => {
  const { workflow } = validateWorkflow('name: w\nsteps:\n  a: { workflow: other }\n')
  if (!workflow) throw new Error('it is valid')
  const none = { listWorkflows: async () => [], findWorkflow: async () => undefined }
  const thrown = await versionsOfChildren(none, workflow).catch((error) => error)
  expect(thrown.details.issues).toMatchObject([
    {
      code: 'unknown-workflow',
      path: 'steps.a.workflow',
      line: 3,
      column: 8,
      text: '  a: { workflow: other }',
    },
  ])
})

const files = globSync(['workflows/*.yaml', 'examples/workflows/*.yaml', 'stages/*.yaml'])

it.each(files)('%s names its JSON Schema, and fits it', (file) => {
  const text = readFileSync(file, 'utf8')
  const [, named = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? []
  const path = join(dirname(file), named)
  expect(named && existsSync(path), `${file}: ${path}`).toBe(true)
  const fits = new Ajv({ strict: false, validateFormats: false }).compile(
    JSON.parse(readFileSync(path, 'utf8')),
  )
  expect(fits(parse(text, { merge: true }) ?? {}), JSON.stringify(fits.errors)).toBe(true)
})
