/** Workflows that are well typed by construction, and the same with one name or type that is wrong. */
import type { AgentManifest } from '../../../shared/domain/agent.ts'
import type { Random } from '../../../shared/domain/random.ts'
import type { Workflow } from '../../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { pick } from './random-schemas.ts'

export type Kind = 'text' | 'number' | 'flag' | 'texts' | 'rows' | 'row'
type Schema = Record<string, unknown>

const ROW = {
  type: 'object',
  required: ['title', 'score'],
  properties: { title: { type: 'string' }, score: { type: 'number' } },
}
export const SCHEMAS: Readonly<Record<Kind, Schema>> = {
  text: { type: 'string' },
  number: { type: 'number' },
  flag: { type: 'boolean' },
  texts: { type: 'array', items: { type: 'string' } },
  rows: { type: 'array', items: ROW },
  row: ROW,
}

type Members = Readonly<Record<string, Kind>>
type Capability = { input: Members; optional: Members; output: Members }

/** The agents' capabilities in these workflows. */
export const CAPABILITIES: Readonly<Record<string, Capability>> = {
  'text.write': {
    input: { topic: 'text' },
    optional: { length: 'number' },
    output: { body: 'text', words: 'number' },
  },
  'text.rate': {
    input: { sample: 'text' },
    optional: { scale: 'number', strict: 'flag' },
    output: { rating: 'number', passed: 'flag' },
  },
  'table.read': {
    input: { source: 'text', columns: 'texts' },
    optional: {},
    output: { entries: 'rows', header: 'texts' },
  },
  'table.sort': {
    input: { entries: 'rows', descending: 'flag' },
    optional: { label: 'text' },
    output: { entries: 'rows', first: 'row' },
  },
}

const INPUT: Members = {
  name: 'text',
  limit: 'number',
  urgent: 'flag',
  tags: 'texts',
  table: 'rows',
  best: 'row',
}

const objectSchema = (required: Members, optional: Members, more: Schema = {}): Schema => ({
  type: 'object',
  required: Object.keys(required),
  properties: Object.fromEntries(
    Object.entries({ ...required, ...optional }).map(([name, kind]) => [name, SCHEMAS[kind]]),
  ),
  ...more,
})

const AGENTS = Object.entries(CAPABILITIES).map(([name, { input, optional, output }], at) => ({
  id: `agent-${at}`,
  version: '1.0.0',
  capabilities: [
    {
      name,
      description: '',
      inputSchema: objectSchema(input, optional, at % 2 === 0 ? {} : { additionalProperties: false }),
      outputSchema: objectSchema(output, {}, { additionalProperties: false }),
    },
  ],
})) as Pick<AgentManifest, 'id' | 'version' | 'capabilities'>[]

const CHILD = {
  name: 'child',
  input: objectSchema({ name: 'text' }, { limit: 'number' }),
  steps: { write: { capability: 'text.write', input: { topic: '{% $input.name %}' } } },
  output: { summary: '{% $steps.write.body %}', size: '{% $steps.write.words %}' },
}
const CHILD_OUTPUT: Members = { summary: 'text', size: 'number' }

function parsedChild(): Workflow {
  const { workflow, issues } = validateWorkflow(CHILD, { catalogue: { agents: AGENTS, workflows: [] } })
  if (!workflow) throw new Error(JSON.stringify(issues))
  return workflow
}

export const TYPED_CATALOGUE = { agents: AGENTS, workflows: [parsedChild()] }

/** The paths that expressions may begin with, by the kind of their values. */
type Sources = Readonly<Record<Kind, readonly string[]>>

const NO_SOURCES: Sources = { text: [], number: [], flag: [], texts: [], rows: [], row: [] }

export function withMembers(sources: Sources, at: string, members: Members): Sources {
  const all = { ...sources }
  for (const [name, kind] of Object.entries(members)) all[kind] = [...all[kind], `${at}.${name}`]
  return all
}

/** An expression whose result has this kind. */
export function expressionOf(kind: Kind, from: Sources, random: Random, depth = 2): string {
  const of = (one: Kind): string => expressionOf(one, from, random, depth - 1)
  const leaf = (): string => pick(random, from[kind])
  if (depth === 0 || random() < 0.4) return leaf()
  const made: Record<Kind, (() => string)[]> = {
    text: [
      () => `(${of('text')} & " " & ${of('number')})`,
      () => `$uppercase(${of('text')})`,
      () => `$join(${of('texts')}, ", ")`,
      () => `$string(${of('number')})`,
      () => `(${of('flag')} ? ${of('text')} : ${of('text')})`,
      () => `${leafOf('row', from, random)}.title`,
      () => `($head := ${of('text')}; $trim($head))`,
      () => `$reduce(${of('texts')}, function($all, $one) { $all & $one }, "")`,
    ],
    number: [
      () => `$count(${of('rows')})`,
      () => `(${of('number')} + ${of('number')})`,
      () => `$sum(${leafOf('rows', from, random)}.score)`,
      () => `$length(${of('text')})`,
      () => `$round(-${of('number')}, 2)`,
    ],
    flag: [
      () => `(${of('number')} > ${of('number')})`,
      () => `(${of('text')} = ${of('text')})`,
      () => `$exists(${of('text')})`,
      () => `(${of('flag')} and $not(${of('flag')}))`,
      () => `(${of('text')} in ${of('texts')})`,
    ],
    texts: [
      () => `${leafOf('rows', from, random)}.title[]`,
      () => `$map(${of('rows')}, function($r) { $r.title })`,
      () => `[${of('text')}, ${of('text')}]`,
      () => `$split(${of('text')}, ",")`,
      () => `${leafOf('texts', from, random)}[$ != ${of('text')}]`,
      () => `$distinct($append(${of('texts')}, ${of('text')}))`,
    ],
    rows: [
      () => `${leafOf('rows', from, random)}[score > ${pick(random, ['1', '2'])}]`,
      () => `${leafOf('rows', from, random)}^(>score)`,
      () => `[{"title": ${of('text')}, "score": ${of('number')}}]`,
      () => `$filter(${of('rows')}, function($r) { $r.score > 0 })`,
      () => `${leafOf('rows', from, random)}.{"title": title & "!", "score": score * 2}`,
    ],
    row: [
      () => `${leafOf('rows', from, random)}[0]`,
      () => `{"title": ${of('text')}, "score": ${of('number')}}`,
    ],
  }
  return pick(random, made[kind])()
}

const leafOf = (kind: Kind, from: Sources, random: Random): string => pick(random, from[kind])

export const written = (text: string): string => `{% ${text} %}`

function inputOf(
  { input, optional }: Pick<Capability, 'input' | 'optional'>,
  from: Sources,
  random: Random,
): object {
  const names = [...Object.entries(input), ...Object.entries(optional).filter(() => random() < 0.5)]
  return Object.fromEntries(names.map(([name, kind]) => [name, written(expressionOf(kind, from, random))]))
}

type Built = { step: Record<string, unknown>; output?: Members }

function stepOf(id: string, from: Sources, random: Random, depth: number): Built {
  const name = pick(random, Object.keys(CAPABILITIES))
  const capability = CAPABILITIES[name] as Capability
  const agent = (inside = from): Built => ({
    step: { capability: name, input: inputOf(capability, inside, random) },
    output: capability.output,
  })
  const kinds: (() => Built)[] = [
    () => agent(),
    () => agent(),
    () => agent(),
    () => ({
      step: { ...agent(withItem(from)).step, forEach: written(expressionOf('texts', from, random)) },
    }),
    () => ({
      step: { ...agent().step, onFailure: 'continue', when: written(expressionOf('flag', from, random)) },
      output: capability.output,
    }),
    () => ({ step: { wait: { seconds: written(expressionOf('number', from, random)) } } }),
    () => ({
      step: { approval: { prompt: written(expressionOf('text', from, random)), timeoutSeconds: 60 } },
    }),
    () => ({
      step: { emit: { type: 'done', data: { note: written(expressionOf('text', from, random)) } } },
      output: { note: 'text' },
    }),
    () => ({
      step: { workflow: 'child', input: { name: written(expressionOf('text', from, random)) } },
      output: CHILD_OUTPUT,
    }),
  ]
  if (depth > 0) {
    kinds.push(
      () => {
        const inner = stepsOf(`${id}l`, withMembers(from, '', {}), random, depth - 1)
        const until = written(`$iteration > ${expressionOf('number', inner.from, random)}`)
        const output = { told: written(expressionOf('text', inner.from, random)) }
        return {
          step: { repeat: { steps: inner.steps, until, maxIterations: 3, output } },
          output: { told: 'text' },
        }
      },
      () => {
        const inner = stepsOf(`${id}e`, withItem(from), random, depth - 1)
        const output = written(expressionOf('text', inner.from, random))
        return { step: { forEach: written(expressionOf('texts', from, random)), steps: inner.steps, output } }
      },
    )
  }
  return pick(random, kinds)()
}

const withItem = (from: Sources): Sources => ({
  ...from,
  text: [...from.text, '$item'],
  number: [...from.number, '$index'],
})

function stepsOf(prefix: string, around: Sources, random: Random, depth: number) {
  const steps: Record<string, Record<string, unknown>> = {}
  let from = around
  for (let at = 0; at < 1 + Math.floor(random() * 4); at++) {
    const id = `${prefix}${at}`
    const { step, output } = stepOf(id, from, random, depth)
    steps[id] = step
    if (output) from = withMembers(from, `$steps.${id}`, output)
    if (step.approval) from = { ...from, flag: [...from.flag, `($steps.${id}.decision = "approve")`] }
    else from = { ...from, flag: [...from.flag, `($status.${id} = "succeeded")`] }
  }
  return { steps, from }
}

export type TypedWorkflow = {
  name: string
  input: object
  steps: Record<string, Record<string, unknown>>
  output: unknown
}

export function typedWorkflow(random: Random): TypedWorkflow {
  const { steps, from } = stepsOf('s', withMembers(NO_SOURCES, '$input', INPUT), random, 2)
  return {
    name: 'typed',
    input: objectSchema(INPUT, {}),
    steps,
    output: {
      one: written(expressionOf('text', from, random)),
      two: [written(expressionOf('rows', from, random))],
    },
  }
}
