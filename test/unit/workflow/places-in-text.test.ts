import { expect, it } from 'vitest'
import { placesIn } from '../../../shared/workflow/places-in-text.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const text = `name: w
steps:
  a: &a
    capability: echo
    timeoutSeconds: 5000
    needs: [x, y]
  "b.c": { capability: echo, input: { rows: [{ n: 1 }, { n: 2 }] } }
  d:
    <<: *a
  e: *a
`

it.each([
  ['', ''],
  ['name', 'line 1, column 1'],
  ['steps.a', 'line 3, column 3'],
  ['steps.a.timeoutSeconds', 'line 5, column 5'],
  ['steps.a.needs[1]', 'line 6, column 16'],
  ['steps.b.c.input.rows[1].n', 'line 7, column 58'],
  ['steps.e.timeoutSeconds', 'line 5, column 5'],
  // The place of a missing value is that of its parent.
  ['steps.a.approval.prompt', 'line 3, column 3'],
  ['steps.d.timeoutSeconds', 'line 8, column 3'],
  ['steps.a.needs[7]', 'line 6, column 5'],
  ['nothing', ''],
])('%s is at %s', (path, place) => {
  expect(placesIn(text)(path)).toBe(place)
})

it.each([text, text.replaceAll('\n', '\r\n'), `\uFEFF${text}`])('issues of a text say where', (source) => {
  const [first] = validateWorkflow(source).issues
  expect(first).toEqual({
    code: 'invalid-value',
    path: 'steps.a.timeoutSeconds',
    message: 'timeoutSeconds is 5000; it must be a number above 0 and at most 840 (line 5, column 5)',
  })
})

it('issues of JSON say where, those of a value do not', () => {
  const workflow = { name: 'w', steps: { a: { capability: 'echo', retry: 3 } } }
  const json = JSON.stringify(workflow, undefined, 2)
  expect(validateWorkflow(json).issues[0]?.message).toMatch(/ \(line 6, column 7\)$/)
  expect(validateWorkflow(workflow).issues[0]?.message).not.toMatch(/line/)
})

it('says of unknown steps, cycles and expressions where', () => {
  const source = `name: w
steps:
  a: { capability: echo, needs: [nope] }
  b:
    capability: echo
    input:
      x: "{% $inputs.x %}"
`
  expect(validateWorkflow(source).issues.map(({ message }) => /\((line.*)\)$/.exec(message)?.[1])).toEqual([
    'line 3, column 26',
    'line 7, column 7',
  ])
})
