import type { Random } from '../../../shared/domain/random.ts'
import { expressionIn } from '../../../shared/workflow/expressions.ts'
import { pick } from './random-schemas.ts'
import { CAPABILITIES, type Kind, type TypedWorkflow, written } from './typed-workflows.ts'

/** A text somewhere in a workflow. */
type Place = { path: (string | number)[]; text: string }

/**
 * A copy of a workflow with one wrong name or type, and its place; undefined if the workflow has no place for this
 * mistake.
 */
export type Mistake = { what: string; workflow: TypedWorkflow; at: string; planted: string }
type Plant = (workflow: TypedWorkflow, random: Random) => Mistake | undefined

/** Expressions whose results have other kinds. */
const OTHER: Readonly<Record<Kind, readonly string[]>> = {
  text: ['$input.limit', '$input.urgent', '$input.table', '$input.best', '$count($input.tags)'],
  number: ['$input.name', '$input.urgent', '$input.tags', '$input.best', '$string($input.limit)'],
  flag: ['$input.name', '$input.limit', '$input.table', '$length($input.name)'],
  texts: ['$input.limit', '$input.table', '$input.best', '$input.urgent', '$input.table.score'],
  rows: ['$input.name', '$input.tags', '$input.limit', '$input.table.title'],
  row: ['$input.name', '$input.tags', '$input.limit'],
}

/** Each kind of mistake, by its description. */
export const PLANTS: Readonly<Record<string, Plant>> = {
  'a misspelt member in an expression': inExpression(
    /\.(name|limit|urgent|tags|table|best|title|score|body|words|rating|passed|entries|header|first|summary|size|told|note|decision)\b/g,
    (found, random) => `.${misspelt(found.slice(1), random)}`,
  ),
  'a misspelt member in a filter or a function': inExpression(
    /(?<=[[({:] ?)(score|title)(?= [>&*])|(?<=\^\(>)score/g,
    misspelt,
  ),
  'a misspelt variable': inExpression(
    /\$(input|steps|item|index|status|iteration)\b/g,
    (found, random) => `$${misspelt(found.slice(1), random)}`,
  ),
  'a misspelt function': inExpression(
    /\$(uppercase|join|count|length|string|exists|split|distinct)\(/g,
    (found, random) => `$${misspelt(found.slice(1, -1), random)}(`,
  ),
  'a misspelt step': inExpression(/\$(steps|status)\.\w+/g, (found) => `${found}x`),
  'a misspelt constant': inExpression(
    /"(approve|succeeded)"/g,
    (found, random) => `"${misspelt(found.slice(1, -1), random)}"`,
  ),
  'no variable before a name': inExpression(/\$input\./g, () => 'input.'),
  'a text in a sum': inExpression(/\$sum\(/g, () => '$sum($input.name & '),
  'a misspelt field of an input': atInput((name, _kind, input, random) => {
    const { [name]: value, ...rest } = input
    return { input: { ...rest, [misspelt(name, random)]: value }, planted: name }
  }),
  'a missing field of an input': atInput((name, _kind, { [name]: _left, ...rest }, _random, isRequired) =>
    isRequired ? { input: rest, planted: name } : undefined,
  ),
  'another type for an input': atInput((name, kind, input, random) => {
    const other = pick(random, OTHER[kind])
    return { input: { ...input, [name]: written(other) }, planted: `${name}: ${other}` }
  }),
  'a literal of another type for an input': atInput((name, kind, input, random) => {
    const others: unknown[] = kind === 'text' ? [5, true, [1]] : kind === 'number' ? ['x', true] : ['x', 5]
    const fits = kind === 'texts' || kind === 'rows' || kind === 'row'
    const other = fits ? { no: 1 } : pick(random, others)
    return { input: { ...input, [name]: other }, planted: `${name}: ${JSON.stringify(other)}` }
  }),
  'a condition that is not boolean': atField('when', OTHER.flag),
  'a list that is none': atField('forEach', ['$input.name', '$input.limit', '$input.urgent', '$input.best']),
  'a text that looks like an expression': lookalike,
}

export function plantMistake(workflow: TypedWorkflow, random: Random): Mistake {
  const kinds = Object.keys(PLANTS)
  for (;;) {
    const what = pick(random, kinds)
    const planted = PLANTS[what]?.(workflow, random)
    if (planted) return { ...planted, what }
  }
}

/** A name with two letters swapped, one added, or one left out. */
function misspelt(name: string, random: Random): string {
  const at = Math.floor(random() * (name.length - 1))
  const swapped = `${name.slice(0, at)}${name[at + 1]}${name[at]}${name.slice(at + 2)}`
  const wrong = pick(random, [swapped, `${name}x`, `${name.slice(0, at)}${name.slice(at + 1)}`])
  return wrong === name || wrong === '' ? `${name}x` : wrong
}

function textsIn(value: unknown, path: Place['path'] = []): Place[] {
  if (typeof value === 'string') return [{ path, text: value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) =>
    textsIn(one, [...path, Array.isArray(value) ? Number(name) : name]),
  )
}

const pathText = (path: Place['path']): string =>
  path
    .map((one) => (typeof one === 'number' ? `[${one}]` : `.${one}`))
    .join('')
    .slice(1)

function replaced(workflow: TypedWorkflow, path: Place['path'], value: unknown): TypedWorkflow {
  const copy = structuredClone(workflow)
  let inside: object = copy
  for (const one of path.slice(0, -1)) inside = Reflect.get(inside, one) as object
  Reflect.set(inside, String(path.at(-1)), value)
  return copy
}

function inExpression(pattern: RegExp, wrong: (found: string, random: Random) => string): Plant {
  return (workflow, random) => {
    const places = textsIn({ steps: workflow.steps, output: workflow.output }).flatMap((place) =>
      expressionIn(place.text) === undefined
        ? []
        : [...place.text.matchAll(pattern)].map((match) => ({ ...place, match })),
    )
    if (places.length === 0) return undefined
    const { path, text, match } = pick(random, places)
    const planted = `${text.slice(0, match.index)}${wrong(match[0], random)}${text.slice(match.index + match[0].length)}`
    return { what: '', workflow: replaced(workflow, path, planted), at: pathText(path), planted }
  }
}

type Input = Record<string, unknown>
type AtInput = (
  name: string,
  kind: Kind,
  input: Input,
  random: Random,
  isRequired: boolean,
) => { input: Input; planted: string } | undefined

function atInput(wrong: AtInput): Plant {
  return (workflow, random) => {
    const steps = textsIn(workflow.steps, ['steps']).filter(({ path }) => path.at(-1) === 'capability')
    if (steps.length === 0) return undefined
    const { path, text } = pick(random, steps)
    const at = [...path.slice(0, -1), 'input']
    const input = at.reduce<unknown>((inside, one) => (inside as Input)[one], workflow) as Input
    const capability = CAPABILITIES[text]
    if (!capability) return undefined
    const name = pick(random, Object.keys(input))
    const kind = capability.input[name] ?? capability.optional[name]
    const made = kind && wrong(name, kind, input, random, name in capability.input)
    return (
      made && {
        what: '',
        workflow: replaced(workflow, at, made.input),
        at: pathText(at),
        planted: made.planted,
      }
    )
  }
}

function atField(field: string, others: readonly string[]): Plant {
  return (workflow, random) => {
    const places = textsIn(workflow.steps, ['steps']).filter(({ path }) => path.at(-1) === field)
    if (places.length === 0) return undefined
    const { path } = pick(random, places)
    const planted = written(pick(random, others))
    return { what: '', workflow: replaced(workflow, path, planted), at: pathText(path), planted }
  }
}

function lookalike(workflow: TypedWorkflow, random: Random): Mistake | undefined {
  const places = textsIn({ steps: workflow.steps, output: workflow.output }).filter(
    ({ path, text }) =>
      expressionIn(text) !== undefined && (path.includes('input') || path.includes('output')),
  )
  if (places.length === 0) return undefined
  const { path } = pick(random, places)
  const planted = pick(random, [
    '$input.name',
    '{{ $input.name }}',
    '{{ input.name }}',
    '{{name}}',
    '${input.name}',
    '$.input.name',
    'Dear {{ input.name }}!',
    '${{ input.name }}',
    '$steps.s0',
  ])
  return { what: '', workflow: replaced(workflow, path, planted), at: pathText(path), planted }
}
