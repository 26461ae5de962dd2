import aslValidator from 'asl-validator'
import { describe, expect, it } from 'vitest'
import type { Flow, MapState, ParallelState } from '../../../shared/compiler/asl.ts'
import { compileWorkflow, issuesOfCompiling } from '../../../shared/compiler/index.ts'
import { validWorkflow } from '../../support/cloud/compiled-workflow.ts'

type Needs = Record<string, string[]>

/** The request that creates the machine, with names of maximal length. */
function requestOf({ definition }: { definition: object }): string {
  const arn = (service: string, name: string) =>
    `arn:aws-us-gov:${service}:us-gov-west-1:123456789012:${name}`
  const prefix = 'p'.repeat(20)
  const text = JSON.stringify(definition)
    .replace(/\$\{(Rebind|Control)Function\}/g, arn('lambda', `function:${prefix}-rebind`))
    .replaceAll('${TasksTable}', `${prefix}-data-Tasks5AF5ECB4-1ABCDEFGHIJKL`)
    .replace(/\$\{(Part\d+)\}/g, arn('states', `stateMachine:${prefix}-${'w'.repeat(48)}-$1:1234`))
  const roleArn = arn('iam', `role/${prefix}-runtime-ExecutionRole605A040B-1ABCDEFGHIJKL`)
  const logGroupArn = arn('logs', `log-group:/aws/vendedlogs/states/${prefix}:*`)
  const loggingConfiguration = { level: 'ERROR', destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }] }
  return JSON.stringify({ name: 'n'.repeat(80), definition: text, roleArn, loggingConfiguration, tags: [] })
}

function compileNeeds(needs: Needs) {
  const steps = Object.fromEntries(
    Object.entries(needs).map(([id, list]) => [id, { capability: 'echo', needs: list }]),
  )
  return compileWorkflow(validWorkflow({ name: 'w', steps }))
}

/** The skeleton of a definition: the steps in order, branches as nested lists; states for failures are left out. */
function shapeOf(flow: { StartAt: string; States: Record<string, unknown> }): unknown[] {
  const shape: unknown[] = []
  for (let name: string | undefined = flow.StartAt; name; ) {
    const state = flow.States[name] as { Type: string; Next?: string; Branches?: (typeof flow)[] }
    shape.push(state.Branches ? state.Branches.map(shapeOf) : name)
    name = state.Next
  }
  return shape
}

describe('compileWorkflow', () => {
  it.each<[string, Needs, unknown[]]>([
    ['a chain', { a: [], b: ['a'], c: ['b'] }, ['a', 'b', 'c']],
    ['independent steps in parallel', { a: [], b: [] }, [[['a'], ['b']]]],
    ['a diamond', { a: [], b: ['a'], c: ['a'], d: ['b', 'c'] }, ['a', [['b'], ['c']], 'd']],
    ['an edge that another path implies', { a: [], b: ['a'], c: ['a', 'b'] }, ['a', 'b', 'c']],
    [
      'nested structure',
      { a: [], b: ['a'], c: ['a'], d: ['c'], e: ['c'], f: ['d', 'e', 'b'], g: [] },
      [[['a', [['b'], ['c', [['d'], ['e']]]], 'f'], ['g']]],
    ],
  ])('turns %s into structure', (_name, needs, shape) => {
    const compiled = compileNeeds(needs)
    expect(shapeOf(compiled.definition)).toEqual(shape)
  })

  it('renders a step as a Task, and what is entered on trouble', () => {
    const workflow = validWorkflow({
      name: 'w',
      steps: {
        say: { capability: 'echo', timeoutSeconds: 20, retry: { maxAttempts: 2, intervalSeconds: 5 } },
      },
    })
    const compiled = compileWorkflow(workflow)
    expect(compiled).toMatchSnapshot()
  })

  it('lets a step that is bound late enter through the rebinder', () => {
    const workflow = validWorkflow({
      name: 'w',
      steps: { a: { capability: 'echo' }, b: { capability: 'echo', bind: 'late', needs: ['a'] } },
    })
    const { definition } = compileWorkflow(workflow)
    expect(definition.States.a).toMatchObject({ Next: 'b: rebind' })
    expect(definition.States['b: wait']).toMatchObject({ Next: 'b' })
  })

  it('runs a handler after what it handles', () => {
    const workflow = validWorkflow({
      name: 'w',
      steps: { a: { capability: 'echo', onFailure: { step: 'h' } }, h: { capability: 'echo' } },
    })
    expect(shapeOf(compileWorkflow(workflow).definition)).toEqual(['a', 'h'])
  })

  it('renders a wait, an approval and an emitted event, which the control function begins and ends', () => {
    const workflow = validWorkflow({
      name: 'w',
      steps: {
        pause: { wait: { seconds: 60 } },
        ask: { needs: ['pause'], approval: { prompt: 'Go?', timeoutSeconds: 3_600 } },
        tell: { needs: ['ask'], emit: { type: 'gone' } },
      },
    })
    const compiled = compileWorkflow(workflow)
    expect(compiled).toMatchSnapshot()
    const verdict = aslValidator(structuredClone(compiled.definition), { checkArn: false })
    expect(verdict.errorsText()).toBe('')
  })

  it('renders a child workflow: its task before, its execution, its outcome after', () => {
    const workflow = validWorkflow({
      name: 'w',
      steps: { call: { workflow: 'other', timeoutSeconds: 60 } },
    })
    const compiled = compileWorkflow(workflow)
    expect(compiled).toMatchSnapshot()
    const verdict = aslValidator(structuredClone(compiled.definition), { checkArn: false })
    expect(verdict.errorsText()).toBe('')
  })

  it('renders a fan-out: the list before, a step for each item, what was answered after', () => {
    const workflow = validWorkflow({
      name: 'w',
      steps: { each: { capability: 'echo', forEach: '{% $input.list %}', maxConcurrency: 5 } },
    })
    const compiled = compileWorkflow(workflow)
    expect(compiled).toMatchSnapshot()
    const verdict = aslValidator(structuredClone(compiled.definition), { checkArn: false })
    expect(verdict.errorsText()).toBe('')
    const anonymous = compileWorkflow(workflow, { anonymous: true })
    const { ItemProcessor } = anonymous.definition.States['s0: each'] as MapState
    expect(ItemProcessor.States['s0: item']).toMatchObject({
      Arguments: {
        FunctionName: expect.stringContaining('.functions.s0 %}'),
        Payload: {
          path: "{% $states.context.Execution.Input.steps.s0 & '[' & $string($states.context.Map.Item.Index) & ']' %}",
        },
      },
    })
  })

  it.each(['early', 'late'])(
    'gives the items of a fan-out of more than 40 at once executions of their own (%s)',
    (bind) => {
      const each = { capability: 'echo', bind, forEach: '{% $input.list %}', maxConcurrency: 41 }
      const repeat = { steps: { each }, until: '{% true %}', maxIterations: 1 }
      const workflow = validWorkflow({ name: 'w', steps: { l: { repeat } } })
      const { definition } = compileWorkflow(workflow)
      const verdict = aslValidator(structuredClone(definition), { checkArn: false })
      expect(verdict.errorsText()).toBe('')
      const map = definition.States['l.each: each'] as MapState
      expect({ ...map, ItemProcessor: Object.keys(map.ItemProcessor.States) }).toMatchSnapshot()
      // An item's execution sees no variables, and its input is the result of ItemSelector.
      expect(JSON.stringify(map.ItemProcessor)).not.toContain('$in_l')
      expect(map.ItemProcessor.States['l.each: item']).toMatchObject({
        Arguments: {
          FunctionName: expect.stringContaining(': $states.context.Execution.Input.agent %}'),
          Payload: { path: '{% $states.context.Execution.Input.path %}' },
        },
      })
    },
  )

  it.each(['fail', 'continue'])('renders a loop that is to %s: its body between two calls', (onFailure) => {
    const body = { tell: { emit: { type: 'round' } } }
    const repeat = { steps: body, until: '{% $iteration = 2 %}', maxIterations: 5 }
    const workflow = validWorkflow({ name: 'w', steps: { improve: { onFailure, repeat } } })
    const compiled = compileWorkflow(workflow)
    expect(compiled).toMatchSnapshot()
  })

  it.each([false, true])('renders what is in a loop by its round (anonymous: %s)', (anonymous) => {
    const step = (...needs: string[]) => ({ capability: 'echo', needs })
    const round = { until: '{% $iteration = 2 %}', maxIterations: 2 }
    const body = {
      a: step(),
      b: step(),
      c: step('a'),
      d: step('a', 'b'),
      polish: { needs: ['c', 'd'], repeat: { steps: { pass: step() }, ...round } },
    }
    const workflow = validWorkflow({
      name: 'w',
      steps: { improve: { repeat: { steps: body, ...round } } },
    })
    const { definition, gates, positions, counts } = compileWorkflow(workflow, { anonymous })
    const verdict = aslValidator(structuredClone(definition), { checkArn: false })
    expect(verdict.errorsText()).toBe('')
    expect(gates).toEqual([{ before: 'improve.d', after: ['improve.a'] }])
    expect(counts.steps).toBe(7)
    const paths = [...JSON.stringify(definition).matchAll(/"path":"([^"]+)"/g)].map(([, path]) => path)
    const id = (place: string) => `$states.context.Execution.Input.steps.${positions?.[place]} %}`
    const inside = ['a', 'b', 'c', 'd', 'polish']
    const [byPosition, byName] = [
      [
        `{% ${id('improve')}`,
        ...inside.map((one) => `{% $in_s0 & '.' & ${id(`improve.${one}`)}`),
        `{% $in_${positions?.['improve.polish']} & '.' & ${id('improve.polish.pass')}`,
      ],
      [
        'improve',
        ...inside.map((one) => `{% $in_improve & '.${one}' %}`),
        "{% $in_improve_polish & '.pass' %}",
      ],
    ]
    expect(new Set(paths)).toEqual(new Set(anonymous ? byPosition : byName))
  })

  describe('what is too large', () => {
    const chain = (length: number) =>
      Object.fromEntries(
        Array.from({ length }, (_, at) => [
          `s${at}`,
          { capability: 'echo', needs: at === 0 ? [] : [`s${at - 1}`] },
        ]),
      )
    const wide = (length: number) =>
      Object.fromEntries(Array.from({ length }, (_, at) => [`s${at}`, { capability: 'echo' }]))
    const compiledOf = (steps: object) => {
      const workflow = validWorkflow({ name: 'w', steps })
      return { workflow, compile: () => compileWorkflow(workflow) }
    }

    it.each([
      ['a chain', chain(1_000), 1_007],
      ['a thousand side by side', wide(1_000), 1_011],
    ])('is split over several executions: %s (split/X1, split/X2)', (_what, steps, transitions) => {
      const { parts, counts, definition, substitutions } = compiledOf(steps).compile()
      expect(parts.map(({ name }) => name)).toEqual(['Part1', 'Part2', 'Part3'])
      expect(substitutions).toEqual(['Part1', 'Part2', 'Part3'])
      expect(counts).toMatchObject({ steps: 1_000, transitions })
      for (const made of [...parts, { definition }]) {
        expect(requestOf(made).length).toBeLessThan(1_000_000)
        const verdict = aslValidator(structuredClone(made.definition), { checkArn: false })
        expect(verdict.errorsText()).toBe('')
      }
      // A part has an execution of its own, with its own count of redrives.
      for (const part of parts) {
        const text = JSON.stringify(part.definition)
        expect(text).toContain(
          '[$sum([$states.context.Execution.RedriveCount,$states.context.Execution.Input.redrives])]',
        )
      }
      const [first] = Object.values(definition.States)
      expect(JSON.stringify(first)).toContain(
        "{% $states.context.Execution.Name & '-part1-' & $string($states.context.Execution.RedriveCount) %}",
      )
    })

    it.each([
      ['quotes', chain(60)],
      [
        'gates and other alphabets',
        {
          ...chain(40),
          ...wide(5),
          s2: { capability: 'echo', needs: ['s0', 's4'], description: 'ระบบ "ดี" \\\n'.repeat(30) },
        },
      ],
      [
        'fan-outs and approvals',
        {
          each: { capability: 'echo', forEach: '{% $input.list %}' },
          ask: { approval: { prompt: 'Go?', timeoutSeconds: 60 } },
        },
      ],
    ])('is measured as it is sent: %s', (_what, steps) => {
      const { definition, counts } = compiledOf(steps).compile()
      const { length } = new TextEncoder().encode(requestOf({ definition }))
      expect(counts.requestBytes).toBeGreaterThan(0.9 * (length - 4_000))
      expect(counts.requestBytes + 4_000).toBeGreaterThanOrEqual(length)
    })

    it('is refused where it cannot be split: a loop with too much in it', () => {
      const big = { repeat: { steps: chain(700), until: '{% true %}', maxIterations: 1 } }
      expect(issuesOfCompiling(compiledOf({ big }).workflow)).toMatchObject([
        {
          code: 'definition-too-large',
          message: expect.stringMatching(/has 1\d{6} bytes as it is sent; .* accepts 996000/),
        },
      ])
      const around = (steps: object) => ({ repeat: { steps, until: '{% false %}', maxIterations: 9 } })
      const outer = around({ inner: around({ long: around(chain(300)) }) })
      expect(issuesOfCompiling(compiledOf({ outer }).workflow)).toMatchObject([
        { code: 'history-too-long', message: expect.stringMatching(/about 12\d{3} events are expected/) },
      ])
    })

    it('is warned of where it may happen', () => {
      const each = { capability: 'echo', forEach: '{% $input.list %}' }
      expect(compiledOf({ each }).compile().warnings).toEqual([])
      const rounds = { repeat: { steps: { each }, until: '{% true %}', maxIterations: 5 } }
      expect(compiledOf({ rounds }).compile().warnings).toMatchObject([
        {
          code: 'history-may-be-too-long',
          message: expect.stringMatching(/up to 65\d{3} events .* at 25000/),
        },
      ])
      // Above the number of items that fit a history, items get executions of their own.
      expect(compiledOf({ each: { ...each, maxItems: 10_000 } }).compile().warnings).toEqual([])
    })

    it('is refused for state names that are too long, in loops', () => {
      const [outer, inner] = ['o'.repeat(40), 'i'.repeat(40)]
      const loop = {
        repeat: { steps: { [inner]: { capability: 'echo' } }, until: '{% true %}', maxIterations: 1 },
      }
      const issues = issuesOfCompiling(compiledOf({ [outer]: loop }).workflow)
      expect(issues[0]).toMatchObject({
        code: 'name-too-long',
        path: `steps.${outer}.repeat.steps.${inner}`,
        message: expect.stringContaining('a name of 90 characters; Step Functions accepts 80'),
      })
    })
  })

  it('gives equal bytes for equal workflows, however they are written', () => {
    const a = compileNeeds({ a: [], b: ['a'], c: ['a'], d: ['c', 'b'] })
    const b = compileNeeds({ d: ['b', 'c'], c: ['a'], b: ['a'], a: [] })
    expect(JSON.stringify(a)).toBe(JSON.stringify(b))
  })

  it('counts the call of a judge, and that of the rebinder before it, for each attempt', () => {
    const countsOf = (more: object) =>
      compileWorkflow(
        validWorkflow({
          name: 'w',
          steps: { a: { capability: 'x', retry: { maxAttempts: 2, on: ['error'] }, ...more } },
        }),
      ).counts
    const [plain, judged] = [{}, { evaluate: { judge: { rubric: 'It is good.' } } }].map(countsOf)
    expect(judged?.transitions).toBe((plain?.transitions ?? 0) + 4)
    expect(judged?.worstEvents).toBe((plain?.worstEvents ?? 0) + 2 * 14)
  })

  it('puts a gate where a step waits for one that the structure does not put before it', () => {
    const compiled = compileNeeds({ a: [], b: [], c: ['a'], d: ['a', 'b'] })
    expect(shapeOf(compiled.definition)).toEqual([
      [
        ['a', 'c'],
        ['b', 'd: gate', 'd'],
      ],
    ])
    expect(compiled.gates).toEqual([{ before: 'd', after: ['a'] }])
    expect(compiled.substitutions).toEqual(['RebindFunction', 'TasksTable'])
    expect(compiled.counts).toMatchObject({ steps: 4, transitions: 7 })
    const { Branches } = Object.values(compiled.definition.States)[0] as ParallelState
    expect(Branches[1]?.States['d: gate']).toMatchSnapshot()
  })

  it('keeps state names unique and within 80 characters when branches have long names', () => {
    const long = (letter: string) => `${letter.repeat(40)}`
    const compiled = compileNeeds({
      [long('a')]: [],
      [long('b')]: [],
      [long('c')]: [long('a'), long('b')],
      [long('d')]: [],
    })
    const names = allNames(compiled.definition)
    expect(new Set(names).size).toBe(names.length)
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(80)
  })

  it.each<[string, Needs]>([
    ['series-parallel', { a: [], b: ['a'], c: ['a'], d: ['b', 'c'] }],
    ['with a gate', { a: [], b: [], c: ['a'], d: ['a', 'b'] }],
  ])('is accepted by an independent validator: %s', (_name, needs) => {
    const compiled = compileNeeds(needs)
    const verdict = aslValidator(structuredClone(compiled.definition), { checkArn: false })
    expect(verdict.errorsText()).toBe('')
  })
})

function allNames(flow: Flow): string[] {
  return Object.entries(flow.States).flatMap(([name, state]) => [
    name,
    ...(state.Type === 'Parallel' ? state.Branches.flatMap(allNames) : []),
  ])
}
