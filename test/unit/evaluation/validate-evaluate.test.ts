import { describe, expect, it } from 'vitest'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const stepWith = (evaluate: string) => `name: w
steps:
  draft:
    capability: write.text
    input: { topic: tea }
    evaluate:
${evaluate.replaceAll(/^/gm, '      ')}
`

const issuesOf = (text: string) =>
  validateWorkflow(text, { catalogue: CATALOGUE }).issues.map(
    ({ code, path, message, line, column }) => `${line}:${column} ${code} ${path}: ${message}`,
  )

const CATALOGUE = {
  agents: [
    {
      id: 'writer',
      version: '1.0.0',
      capabilities: [
        {
          name: 'write.text',
          description: '',
          inputSchema: { type: 'object', properties: { topic: { type: 'string' } } },
          outputSchema: {
            type: 'object',
            properties: { text: { type: 'string' }, words: { type: 'number' } },
            required: ['text', 'words'],
            additionalProperties: false,
          },
        },
      ],
    },
  ],
  workflows: [],
}

describe('evaluate of a step', () => {
  it('knows the output and the input of the step, and other steps, for which it waits', () => {
    const { workflow, issues } = validateWorkflow({
      name: 'w',
      steps: {
        facts: { capability: 'echo' },
        draft: {
          capability: 'echo',
          evaluate: {
            rules: { 'has all facts': '{% $count($output) = $count($steps.facts) + $stepInput.n %}' },
          },
        },
      },
    })
    expect(issues).toEqual([])
    expect(workflow?.steps.draft).toMatchObject({ evaluate: { rules: {} } })
  })

  it.each([
    ['rules: {}', 'checks nothing'],
    [
      'atLeast: 0.5',
      '6:5 invalid-value steps.draft.evaluate: evaluate is {"atLeast":0.5}, which checks nothing; it has at least one of rules, schema, citations and, in a step, judge',
    ],
    [
      'rules: { short: "yes" }',
      '7:16 not-an-expression steps.draft.evaluate.rules.short: the rule "short" is "yes"; it is written "{% ... %}"',
    ],
    ['rules: { short: "{% $length($output.text %}" }', 'bad-expression steps.draft.evaluate.rules.short'],
    [
      'rules: { short: "{% $lenght($output.text) < 5 %}" }',
      '7:27 unknown-function steps.draft.evaluate.rules.short: $lenght is no function; did you mean "$length"?',
    ],
    [
      'rules: { short: "{% $outptu.text = 5 %}" }',
      '7:27 unknown-name steps.draft.evaluate.rules.short: $outptu is not known here; did you mean "$output"?',
    ],
    [
      'rules: { short: "{% $output.words %}", long: "{% $output.text %}" }',
      'wrong-type steps.draft.evaluate.rules.long: long is text; a rule is true, false, or a number from 0 to 1',
    ],
    ['rules: { short: "{% $output.txt = 5 %}" }', '7:35 unknown-field steps.draft.evaluate.rules.short'],
    ['rules: { short: "{% $steps.nowhere %}" }', '"nowhere" is not a step of this workflow'],
    [
      'schema: { minLength: 5 }',
      'bad-schema steps.draft.evaluate.schema: "minLength" says nothing without "type: string"',
    ],
    ['schema: { type: array, contains: { type: string } }', '#/contains cannot be checked here'],
    [
      'schema: { description: "{% $output %}" }',
      'expression-not-evaluated steps.draft.evaluate.schema.description',
    ],
    [
      'citations: { quotes: "{% $output.text %}" }',
      '7:7 invalid-value steps.draft.evaluate.citations.passages: is required; passages are a list',
    ],
    ['rules: { a: "{% true %}" }\natLeast: 2', 'atLeast is 2; it must be a number above 0 and at most 1'],
    ['rules: { a: "{% true %}" }\natleast: 1', 'did you mean "atLeast"?'],
    ['rules: { "a.b": "{% true %}" }', 'a rule is named by a text of 1 to 80 characters'],
  ])('%s is told: %s', (evaluate, told) => {
    expect(issuesOf(stepWith(evaluate)).join('\n')).toContain(told)
  })

  it('is refused at a step that no agent runs', () => {
    const { issues } = validateWorkflow({
      name: 'w',
      steps: { a: { wait: { seconds: 1 }, evaluate: { rules: { a: '{% true %}' } } } },
    })
    expect(issues).toMatchObject([{ code: 'unknown-field', path: 'steps.a.evaluate' }])
  })

  it('knows the item of a fan-out', () => {
    const evaluate = { rules: { fits: '{% $output = $item and $index >= 0 %}' } }
    const steps = { a: { capability: 'x.y', forEach: '{% $input.list %}', input: '{% $item %}', evaluate } }
    expect(validateWorkflow({ name: 'w', steps }).issues).toEqual([])
  })
})

describe('evaluate of a workflow', () => {
  const withEvaluate = (evaluate: object) =>
    validateWorkflow({ name: 'w', steps: { a: { capability: 'x.y' } }, evaluate }).issues

  it('knows the output, and all that the output knows', () => {
    expect(withEvaluate({ rules: { a: '{% $output = $steps.a and $exists($input) %}' } })).toEqual([])
  })

  it.each([
    [{ rules: { a: '{% $stepInput %}' } }, { code: 'unknown-name', path: 'evaluate.rules.a' }],
    [{ rules: { a: 'true' } }, { code: 'not-an-expression', path: 'evaluate.rules.a' }],
    [{}, { code: 'invalid-value', path: 'evaluate' }],
    [{ schema: { minimum: 1 } }, { code: 'bad-schema', path: 'evaluate.schema' }],
  ])('%j is refused', (evaluate, told) => {
    expect(withEvaluate(evaluate)).toMatchObject([told])
  })
})
