import { describe, expect, it } from 'vitest'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const issuesOf = (text: string): string[] =>
  validateWorkflow(text).issues.map(
    ({ code, path, message, line, column }) => `${line}:${column} ${code} ${path}: ${message}`,
  )

const workflow = (state: string, step: string, more = ''): string =>
  `name: w
state:
${state}
steps:
  a: { capability: x.y, input: { q: 1 }${step} }
${more}`

describe('the shared state of a workflow', () => {
  it('is declared, read and written', () => {
    const text = workflow(
      '  found: { schema: { type: array, items: { type: string } }, conflict: union, initial: [] }\n  sum: { conflict: counter }',
      ', when: "{% $count($state.found) < 3 %}", state: { set: { found: ["{% $output.text %}"] }, update: { sum: "{% $current + 1 %}" } }',
      'output: "{% $state.found %}"',
    )
    expect(issuesOf(text)).toEqual([])
  })

  it.each([
    [
      'a key that is not declared',
      workflow('  found: {}', ', when: "{% $exists($state.fund) %}"'),
      '5:67 unknown-state steps.a.when: $state.fund is not declared: say `state: {fund: {}}` in the workflow; did you mean "found"?',
    ],
    [
      'a key in the output',
      workflow('  found: {}', '', 'output: "{% $state.other %}"'),
      '$state.other is not declared',
    ],
    [
      'a key that a step writes',
      workflow('  found: {}', ', state: { update: { fond: 1 } }'),
      'unknown-state steps.a.state.update.fond: state "fond" is not declared',
    ],
    [
      'a set of a key whose policy refuses it',
      workflow('  found: {}', ', state: { set: { found: 1 } }'),
      'state "found" has `conflict: reject`, under which a value alone is refused or has no meaning: use `update` with $current, or declare `conflict: last-write-wins` or `conflict: union`',
    ],
    [
      'a key in both',
      workflow('  found: { conflict: union }', ', state: { set: { found: [1] }, update: { found: [1] } }'),
      '"found" is in `set` and in `update`; leave one of them out',
    ],
    ['nothing to write', workflow('  found: {}', ', state: {}'), 'state is {}, which writes nothing'],
    ['a policy', workflow('  found: { conflict: uniom }', ''), 'conflict is "uniom"; it must be one of'],
    ['a key with another name', workflow('  Found: {}', ''), 'a key of the shared state starts with a-z'],
    ['a word of the language', workflow('  and: {}', ''), 'this word belongs to the expression language'],
    ['a schema', workflow('  found: { schema: { type: lst } }', ''), 'bad-schema state.found.schema'],
    [
      'an initial value that does not fit',
      workflow('  found: { schema: { type: array, items: { type: string } }, initial: [1] }', ''),
      'state.found.initial[0]',
    ],
    [
      'an initial value of another kind',
      workflow('  found: { conflict: counter, initial: [1] }', ''),
      'state "found" has `conflict: counter`, so its value is a number; this is a list',
    ],
    [
      '$current outside of an update',
      workflow('  found: { conflict: union }', ', state: { set: { found: ["{% $current %}"] } }'),
      '$current is not known here',
    ],
    [
      'a value of another type',
      workflow(
        '  found: { schema: { type: number }, conflict: last-write-wins }',
        ', state: { set: { found: "{% $string($output) %}" } }',
      ),
      'steps.a.state.set.found',
    ],
    [
      'a member that a value cannot have',
      workflow(
        '  doc: { schema: { type: object, properties: { title: { type: string } }, additionalProperties: false } }',
        ', when: "{% $state.doc.titel = 1 %}"',
      ),
      '"titel"',
    ],
  ])('refuses %s', (_what, text, message) => {
    const found = issuesOf(text)
    expect(found.join('\n')).toContain(message)
    expect(found).toHaveLength(1)
  })
})
