/**
 * Every code of an issue (`{code, path, message}`), and its meaning. Codes are for programs: they may be added, but never changed.
 * `npm run docs` lists them in docs/errors.md.
 */
export const ISSUE_CODES = {
  'bad-expression': 'An expression between `{% %}` is no JSONata, or uses what it may not.',
  'bad-file-reference': 'A `{"$file": ...}` is not written as one.',
  'bad-schema': 'A JSON Schema uses a keyword that is not known here, or uses one wrongly.',
  'bad-syntax': 'The text is no YAML or JSON.',
  cycle: 'Steps wait for each other in a circle.',
  'definition-too-large': 'The compiled state machine is larger than Step Functions takes.',
  'duplicate-capability': 'An agent declares a capability twice.',
  'duplicate-model': 'An agent names a model that it needs twice.',
  'duplicate-secret': 'An agent names a secret that it needs twice.',
  'duplicate-step': 'A step in a loop or fan-out has the id of a step around it.',
  'dynamic-steps':
    'An expression reads `$steps`, `$status` or `$errors` as a whole, so that its order cannot be known.',
  'expression-not-evaluated': 'An expression stands in a field that is used as it is written.',
  'file-not-found': 'A file that an input names has not been uploaded.',
  'history-may-be-too-long': 'A warning: the execution may come to more events than Step Functions keeps.',
  'history-too-long': 'The execution would have more events than Step Functions keeps.',
  invalid: 'A wish of a retry or fork does not fit the task.',
  'invalid-value': 'A value has the wrong type, or is out of bounds.',
  'looks-like-expression':
    'A text looks like an expression, as `$input.x`, `{{ x }}` or `${x}`, and is none.',
  'loses-digits': 'A number would lose digits; it is written as text.',
  'missing-field':
    'A field is missing that a capability, a child workflow or another field of the step requires.',
  'missing-most-tokens': 'An agent with a limit of tokens does not say the most that a call can take.',
  'missing-reason': 'A policy of an agent says "*" without saying why.',
  'more-issues': 'There are more issues than are told; the message says how many.',
  'name-too-long': 'The name of a state would be longer than Step Functions takes.',
  'never-equal': 'Two values that are compared can never be equal.',
  'never-runs': 'A step can never run.',
  'no-agent': 'No agent that is registered may do a step.',
  'no-kind': 'A step does not say what kind it is: it has none of `capability`, `agent`, `repeat`, ...',
  'no-steps': 'A workflow, or a body, has no steps.',
  'not-an-expression': 'An expression is wanted, and this is none.',
  'not-checked':
    'A warning: the agents of the project could not be loaded, so nothing was compared with them.',
  'not-json': 'A value is no JSON.',
  'over-budget': 'A plan is expected to cost more than the budget of its task.',
  'secret-in-environment': 'A variable of an agent looks like a credential.',
  'steps-as-list': 'Steps are a list; they are a map, each by its id.',
  'too-deep': 'Loops and fan-outs are nested deeper than 8.',
  'too-large': 'The text is larger than it may be.',
  'too-many-steps': 'A workflow has more than 1,000 steps.',
  'unclosed-expression':
    'An expression begins with `{%` and has no closing `%}`; a literal `{%` is written `{%%`.',
  'unfit-input': 'A constant input of a step is one that no agent of its capability could take.',
  'unknown-agent': 'A step names an agent that is not registered.',
  'unknown-capability': 'No agent offers a capability.',
  'unknown-field': 'A field is not known; the message suggests the nearest.',
  'unknown-function': 'An expression calls a function that is not known.',
  'unknown-model': 'A step names a language model that the stage does not have.',
  'unknown-name': 'An expression uses a name (`$...`) that is not known there.',
  'unknown-state': 'A key of the shared state is used that the workflow does not declare.',
  'unknown-step': 'A step is named that is not there, or not in reach.',
  'unknown-workflow': 'A child is named that is not registered.',
  'wrong-type': 'A value has a type that does not fit: of an input, a condition, a list, or an operand.',
  'without-for-each': 'A field of fan-outs stands at a step without `forEach`.',
} as const satisfies Readonly<Record<string, string>>

export type IssueCode = keyof typeof ISSUE_CODES
