import { expect, it } from 'vitest'
import { JSONATA_FUNCTIONS } from '../../../shared/workflow/expression-functions.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const messagesOf = (expression: string): string[] =>
  validateWorkflow({
    name: 'w',
    steps: { read: { capability: 'echo' }, s: { capability: 'echo', input: `{% ${expression} %}` } },
  }).issues.map(({ message }) => message)

it.each([
  ['$uid()', '$uid is no function; did you mean "$uuid"?'],
  ['$uppercas($input.x)', '$uppercas is no function; did you mean "$uppercase"?'],
  ['$tostring(1)', '$tostring is no function; did you mean "$string"?'],
  ['$input.list ~> $summ()', '$summ is no function; did you mean "$sum"?'],
  ['$subsring(?, 1, 2)', '$subsring is no function; did you mean "$substring"?'],
  ['$map($input.list, $uppercas)', '$uppercas is not known here; did you mean "$uppercase"?'],
  [
    '$inputs.x',
    '$inputs is not known here; did you mean "$input"? (known: $errors, $input, $state, $status, $steps, $task)',
  ],
  [
    '$step.read',
    '$step is not known here; did you mean "$steps"? (known: $errors, $input, $state, $status, $steps, $task)',
  ],
  ['$steps.raed', '"raed" is not a step of this workflow; did you mean "read"? (known: read, s)'],
  ['$input($steps.read)', '$input is a value, no function: it is written without brackets'],
  ['$eval("1")', '$eval is refused: an expression is what is written down, no text from elsewhere'],
  [
    '$fetchTheWeather()',
    '$fetchTheWeather is no function; there are those of JSONata (https://docs.jsonata.org) and $parse, $uuid, $hash, $range, $partition',
  ],
])('%s', (expression, message) => {
  expect(messagesOf(expression)).toEqual([message])
})

it('finds every function of which a letter is missing, doubled or another', () => {
  const wrong = JSONATA_FUNCTIONS.filter((name) => name.length > 4).flatMap((name) =>
    [
      `${name.slice(0, 2)}${name.slice(3)}`,
      `${name.slice(0, 2)}${name.slice(1)}`,
      `${name.slice(0, -1)}q`,
    ].map((typed) => ({ name, typed, message: messagesOf(`$${typed}()`)[0] })),
  )
  expect(wrong.filter(({ name, message }) => !message?.includes(`"$${name}"`))).toEqual([])
})

it('takes functions that the expression defines, and those that are given to others', () => {
  expect(messagesOf('($double := function($n) { $n * 2 }; $map($input.list, $double) ~> $sum)')).toEqual([])
  expect(messagesOf('$map($input.list, $uppercase)')).toEqual([])
})
