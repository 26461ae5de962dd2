import { describe, expect, it } from 'vitest'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

/** The issues of a workflow with a step `a` that has these lines, from line 6 on; each with its place. */
const issuesIn = (lines: string, kind = 'capability: text.write'): string[] =>
  validateWorkflow(
    `name: w
input: { type: object, properties: { topic: { type: string }, many: { type: array } } }
steps:
  a:
    ${kind}
${lines
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
  draft:
    capability: text.write
    needs: [a]
`,
  ).issues.map(({ code, line, column, message }) => `${line}:${column} ${code} ${message}`)

describe('what other tools write for an expression', () => {
  it.each<[string, string]>([
    ['{{ topic }}', '$input.topic'],
    ['{{topic}}', '$input.topic'],
    ['{{- input.topic -}}', '$input.topic'],
    ['Write about {{ topic }} now', '$input.topic'],
    ['{{ name }}, about {{ topic }}', '$input.topic'],
    ['${topic}', '$input.topic'],
    ['about ${topic}', '$input.topic'],
    ['${{ inputs.topic }}', '$input.topic'],
    ['{{ inputs.parameters.topic }}', '$input.topic'],
    ['${workflow.input.topic}', '$input.topic'],
    ['{{ params.topic }}', '$input.topic'],
    ['$.topic', '$input.topic'],
    ['$.input.topic', '$input.topic'],
    ['{{ tasks.draft.outputs.result }}', '$steps.draft.result'],
    ['{{ steps.draft.output.text }}', '$steps.draft.text'],
    ['${{ needs.draft.outputs.text }}', '$steps.draft.text'],
    ['${draft.output.text}', '$steps.draft.text'],
    ['{{ draft.text }}', '$steps.draft.text'],
  ])('is told, with its place: %s', (text, meant) => {
    expect(issuesIn(`input: { task: "${text}" }`)).toEqual([
      `6:14 looks-like-expression "${text}" looks like an expression and is text; an expression is written "{% ${meant} %}", and such a text "{% '${text}' %}"`,
    ])
  })

  it.each([
    '${HOME}/bin',
    'Dear {{ customer }}, hello',
    '$.store.book[0]',
    'costs $5',
    '{{ }}',
    'the input is {topic}',
    '{% $input.topic %}',
    "{% '{{ topic }}' %}",
  ])('is none of it: %s', (text) => {
    expect(issuesIn(`input: { task: "${text}" }`)).toEqual([])
  })

  it.each([
    ['when: "{{ topic }}"', 'when is "{{ topic }}"; a condition is written "{% $input.topic %}"'],
    [
      'when: "$.topic = \'x\'"',
      'when is "$.topic = \'x\'"; a condition is written "{% $input.topic = \'x\' %}"',
    ],
    [
      'when: "$input.topic = \'x\'"',
      'when is "$input.topic = \'x\'"; a condition is written "{% $input.topic = \'x\' %}"',
    ],
    ['when: "always"', 'when is "always"; a condition is written "{% ... %}"'],
    ['forEach: "$.many"', 'forEach is "$.many"; a list to go through is written "{% $input.many %}"'],
    [
      'forEach: "${{ inputs.many }}"',
      'forEach is "${{ inputs.many }}"; a list to go through is written "{% $input.many %}"',
    ],
  ])('is told where an expression is wanted: %s', (line, message) => {
    expect(issuesIn(line)).toEqual([`6:5 not-an-expression ${message}`])
  })

  it('is told of the names of members that Step Functions computes', () => {
    expect(issuesIn('input: { task.$: $.topic }')).toEqual([
      '6:5 looks-like-expression "task.$" is a name that Step Functions reads as JSONPath, and is a plain name here; it is written "task": "{% $input.topic %}"',
    ])
  })
})

describe('what other tools call a field', () => {
  const RETRY = ['intervalSeconds', 'backoffRate', 'maxAttempts', 'maxDelaySeconds', 'on'].sort().join(', ')
  it.each<[string, string]>([
    ['maxRetries', 'maxAttempts'],
    ['retries', 'maxAttempts'],
    ['limit', 'maxAttempts'],
    ['maximumAttempts', 'maxAttempts'],
    ['MaxAttempts', 'maxAttempts'],
    ['initialInterval', 'intervalSeconds'],
    ['initial_interval', 'intervalSeconds'],
    ['retry-delay', 'intervalSeconds'],
    ['backoffCoefficient', 'backoffRate'],
    ['backoff', 'backoffRate'],
    ['maximumInterval', 'maxDelaySeconds'],
    ['maxBackoff', 'maxDelaySeconds'],
    ['ErrorEquals', 'on'],
    ['nonRetryableErrors', 'on'],
  ])('is told of retry: %s', (name, meant) => {
    const [told = '', ...more] = issuesIn(`retry: { ${name}: 3 }`)
    expect(more).toEqual([])
    expect(told).toMatch(`6:14 unknown-field retry has no "${name}"; did you mean "${meant}"? (`)
    expect(told).toContain(`known: ${RETRY})`)
  })

  it.each<[string, string]>([
    ['retries', 'retry'],
    ['maxRetries', 'retry'],
    ['timeout', 'timeoutSeconds'],
    ['depends_on', 'needs'],
    ['dependsOn', 'needs'],
    ['next', 'needs'],
    ['if', 'when'],
    ['with', 'input'],
    ['parameters', 'input'],
    ['inputs', 'input'],
    ['withItems', 'forEach'],
    ['loop', 'forEach'],
    ['parallelism', 'maxConcurrency'],
    ['continueOnError', 'onFailure'],
    ['catch', 'onFailure'],
    ['agentId', 'agent'],
    ['comment', 'description'],
  ])('is told of a step: %s', (name, meant) => {
    const [told = '', ...more] = issuesIn(`${name}: 3`)
    expect(more).toEqual([])
    expect(told).toMatch(`6:5 unknown-field such a step has no "${name}"; did you mean "${meant}"? (`)
  })

  it.each<[string, string]>([
    ['tools', 'capabilities'],
    ['agents', 'capabilities'],
    ['instructions', 'system'],
    ['messages', 'input'],
    ['maxIterations', 'maxTurns'],
    ['recursion_limit', 'maxTurns'],
    ['response_format', 'answer'],
    ['max_tokens', 'maxOutputTokens'],
    ['interrupt_before', 'approve'],
    ['llm', 'model'],
  ])('is told of a conversation: %s', (name, meant) => {
    const told = issuesIn(`  ${name}: 3\n  input: x\n  capabilities: [text.write]`, 'converse:')
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(`6:7 unknown-field converse has no "${name}"; did you mean "${meant}"? (`)
  })

  it('is not where the object has no such field, or a slip is nearer to none of them', () => {
    expect(issuesIn('retry: { tools: 3 }')[0]).toContain('retry has no "tools"; known: backoffRate')
    expect(issuesIn('retry: { maxAtempts: 3 }')[0]).toContain('did you mean "maxAttempts"? (known: ')
  })
})
