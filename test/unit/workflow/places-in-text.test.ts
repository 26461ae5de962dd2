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

const placed = (source: string) => (path: string, within?: number) => {
  const { line, column } = placesIn(source)(path, within) ?? {}
  return line === undefined ? '' : `${line}:${column}`
}

it.each([
  ['', ''],
  ['name', '1:1'],
  ['steps.a', '3:3'],
  ['steps.a.timeoutSeconds', '5:5'],
  ['steps.a.needs[1]', '6:16'],
  ['steps.b.c.input.rows[1].n', '7:58'],
  ['steps.e.timeoutSeconds', '5:5'],
  // What is merged stands where it was written.
  ['steps.d.timeoutSeconds', '5:5'],
  // The place of a missing value is that of its parent.
  ['steps.a.approval.prompt', '3:3'],
  ['steps.a.needs[7]', '6:5'],
  ['steps.d.none', '8:3'],
  ['nothing', ''],
])('%s is at %s', (path, place) => {
  expect(placed(text)(path)).toBe(place)
})

it.each([text, text.replaceAll('\n', '\r\n'), `\uFEFF${text}`])('issues of a text say where', (source) => {
  const [first] = validateWorkflow(source).issues
  expect(first).toEqual({
    code: 'invalid-value',
    path: 'steps.a.timeoutSeconds',
    message: 'timeoutSeconds is 5000; it must be a number above 0 and at most 840',
    line: 5,
    column: 5,
    text: '    timeoutSeconds: 5000',
  })
})

it('issues of JSON say where, those of a value do not', () => {
  const workflow = { name: 'w', steps: { a: { capability: 'echo', retry: 3 } } }
  const json = JSON.stringify(workflow, undefined, 2)
  expect(validateWorkflow(json).issues[0]).toMatchObject({ line: 6, column: 7, text: '      "retry": 3' })
  expect(Object.keys(validateWorkflow(workflow).issues[0] ?? {})).toEqual(['code', 'path', 'message'])
})

it.each([
  ['an unknown variable', '"{% $input.x & $inputs.y %}"', '$inputs'],
  ['an unknown step', '"{% $input.c %} {% $steps.c.x %}"', 'c.x'],
  ['an unknown function', "'it''s {% $uper(1) %}'", '$uper'],
  ['what does not parse', '"{% 1 %} {% $input.x + ) %}"', ') %'],
  [
    'an expression without end in a block',
    '|\n        Dear {% $input.n %},\n          {% $input.rest\n',
    '{% $input.rest',
  ],
  ['one in folded text', '>-\n        Dear {% $input.n %},\n        and {% $inputs %}\n', '$inputs'],
  ['a reading of all steps', '"a {% $steps %}"', '$steps'],
])('says the line and column of %s within its text', (_what, written, marked) => {
  const source = `name: w
steps:
  b:
    capability: echo
    input:
      x: ${written}
output: 1
`
  const [found, ...more] = validateWorkflow(source).issues
  expect(more).toEqual([])
  const line = source.split('\n')[(found?.line ?? 0) - 1]
  expect(found?.text).toBe(line)
  expect(line?.slice((found?.column ?? 0) - 1).startsWith(marked)).toBe(true)
})

it('tells of a long line the part around the place', () => {
  const source = `{"name": "w", "x": "${'x'.repeat(1_000)}", "steps": {"a": {"capability": 5}}, "y": "${'y'.repeat(1_000)}"}`
  const found = validateWorkflow(source).issues.find(({ path }) => path === 'steps.a.capability')
  expect(found).toMatchObject({ line: 1, column: source.indexOf('"capability"') + 1 })
  expect(found?.text).toHaveLength(400)
  expect(found?.text?.indexOf('"capability"')).toBe(200)
})
