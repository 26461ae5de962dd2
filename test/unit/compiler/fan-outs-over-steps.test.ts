import aslValidator from 'asl-validator'
import { describe, expect, it } from 'vitest'
import type { MapState, TaskState } from '../../../shared/compiler/asl.ts'
import { compileWorkflow } from '../../../shared/compiler/index.ts'
import { graphOfWorkflow } from '../../../shared/workflow/step-needs.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { validWorkflow } from '../../support/cloud/compiled-workflow.ts'

const issuesOf = (steps: object) => validateWorkflow({ name: 'w', steps }).issues
const codesOf = (steps: object) =>
  issuesOf(steps)
    .map(({ code, path }) => `${code} ${path}`)
    .sort()
const call = { capability: 'echo' }
const list = { forEach: '{% $input.list %}' }

describe('steps for each item of a list', () => {
  it('are a graph of their own, and wait together for what they mention around it', () => {
    const steps = {
      seed: call,
      each: {
        ...list,
        steps: { a: { ...call, input: '{% $item & $steps.seed %}' }, b: { ...call, needs: ['a'] } },
        output: '{% {"b": $steps.b, "at": $index, "seed": $status.seed} %}',
      },
    }
    expect(issuesOf(steps)).toEqual([])
    expect(graphOfWorkflow(validWorkflow({ name: 'w', steps })).get('each')).toEqual(new Set(['seed']))
  })

  it('are told what is wrong with them, and where', () => {
    const body = {
      outer: call,
      a: { ...call, needs: ['b', 'seed'], when: 'yes' },
      b: { ...call, needs: ['a'], input: '{% $steps.nope %}' },
      c: { ...call, input: '{% $iteration %}' },
    }
    const outer = { forEach: 'list', tolerate: '101%', steps: body, output: '{% $previous %}' }
    expect(codesOf({ outer, seed: call, after: { ...call, needs: ['a'] } })).toEqual([
      'cycle steps.outer.steps',
      'duplicate-step steps.outer.steps.outer',
      'invalid-value steps.outer.tolerate',
      'not-an-expression steps.outer.forEach',
      'not-an-expression steps.outer.steps.a.when',
      'unknown-name steps.outer.output',
      'unknown-name steps.outer.steps.c.input',
      'unknown-step steps.after.needs[0]',
      'unknown-step steps.outer.steps.a.needs[1]',
      'unknown-step steps.outer.steps.b.input',
    ])
    expect(codesOf({ e: { ...list, steps: { d: {} } } })).toEqual(['no-kind steps.e.steps.d'])
    expect(codesOf({ e: { ...list, steps: {} } })).toEqual(['no-steps steps.e.steps'])
    expect(codesOf({ e: { ...list, steps: 'x' } })).toEqual(['no-steps steps.e.steps'])
    expect(issuesOf({ e: { steps: { d: call } } })).toMatchObject([
      { path: 'steps.e.forEach', message: expect.stringContaining('say forEach: "{% ... %}"') },
    ])
    expect(codesOf({ e: { workflow: 'other', maxItems: 3 } })).toEqual(['without-for-each steps.e.maxItems'])
    expect(codesOf({ e: { ...list, ...call, steps: { d: call } } })).toEqual([
      'unknown-field steps.e.capability',
    ])
  })

  it('nest eight deep, with loops among them', () => {
    const nested = (depth: number): object =>
      depth === 0
        ? { [`s${depth}`]: call }
        : depth % 2 === 0
          ? { [`s${depth}`]: { ...list, steps: nested(depth - 1) } }
          : {
              [`s${depth}`]: {
                repeat: { steps: nested(depth - 1), until: '{% true %}', maxIterations: 2 },
              },
            }
    expect(issuesOf(nested(8))).toEqual([])
    expect(issuesOf(nested(9))).toMatchObject([
      { code: 'too-deep', message: expect.stringContaining('nested 9 deep here; the most is 8') },
    ])
  })

  it('know the item in their own expressions, and its list knows the item around', () => {
    const inner = { forEach: '{% $item.lines %}', steps: { d: { ...call, when: '{% $index > 0 %}' } } }
    expect(issuesOf({ e: { ...list, steps: { inner } } })).toEqual([])
    expect(codesOf({ e: { ...call, forEach: '{% [$item] %}', when: '{% $index = 1 %}' } })).toEqual([
      'unknown-name steps.e.forEach',
      'unknown-name steps.e.when',
    ])
  })
})

describe('an error in expressions', () => {
  it('is known in a handler, in what is inside one, and in what is put in the place of an output', () => {
    const why = { ...call, input: '{% $error.message %}' }
    const onFailure = { step: 'why' }
    expect(issuesOf({ a: { ...call, onFailure }, why })).toEqual([])
    expect(issuesOf({ a: { ...call, onFailure }, why: { ...list, steps: { deep: why } } })).toEqual([])
    expect(issuesOf({ a: { ...call, onFailure: { output: '{% $error %}' } } })).toEqual([])
    expect(issuesOf({ why })).toMatchObject([
      {
        code: 'unknown-name',
        path: 'steps.why.input',
        message: expect.stringContaining('onFailure: {step}'),
      },
    ])
    // JSONata's function `$error` is not the variable.
    expect(issuesOf({ a: { ...call, input: '{% $input.n > 1 ? $input.n : $error("too few") %}' } })).toEqual(
      [],
    )
  })

  it('is named by the id of its step, which has to be waited for', () => {
    const asks = { ...call, join: 'settled', input: '{% $errors.a.name %}' }
    expect(issuesOf({ a: { ...call, onFailure: 'continue' }, asks })).toEqual([])
    const steps = validWorkflow({ name: 'w', steps: { a: { ...call, onFailure: 'continue' }, asks } })
    expect(graphOfWorkflow(steps).get('asks')).toEqual(new Set(['a']))
    expect(codesOf({ asks })).toEqual(['unknown-step steps.asks.input'])
    expect(codesOf({ a: call, b: { ...call, input: '{% $errors %}' } })).toEqual([
      'dynamic-steps steps.b.input',
    ])
  })
})

describe('a fan-out over steps or children as states', () => {
  const mapOf = (step: object, anonymous = false) => {
    const workflow = validWorkflow({ name: 'w', steps: { e: step } })
    const compiled = compileWorkflow(workflow, { anonymous })
    const verdict = aslValidator(structuredClone(compiled.definition), { checkArn: false })
    expect(verdict.errorsText()).toBe('')
    const [map] = Object.values(compiled.definition.States).filter(({ Type }) => Type === 'Map')
    return { map: map as MapState, compiled }
  }
  const modeOf = ({ map }: { map: MapState }) => map.ItemProcessor.ProcessorConfig.Mode
  const body = { ...list, steps: { a: call, b: { ...call, needs: ['a'] } } }

  it.each([true, false])(
    'names its item, does its steps where failures stay, and ends it (anonymous: %s)',
    (anonymous) => {
      const { map } = mapOf({ ...body, maxItems: 5 }, anonymous)
      const [first, steps, end] = Object.values(map.ItemProcessor.States)
      const [variable = ''] = Object.keys((first as TaskState).Assign ?? {})
      expect(first).toMatchObject({
        Type: 'Pass',
        Assign: { [variable]: expect.stringContaining('Map.Item.Index') },
      })
      expect(steps).toMatchObject({ Type: 'Parallel', Catch: [{ ErrorEquals: ['States.ALL'] }] })
      expect(end).toMatchObject({
        Type: 'Task',
        Arguments: { Payload: { path: `{% $${variable} %}`, at: 'end' } },
        Output: '{% {} %}',
        End: true,
      })
      expect(JSON.stringify(steps)).toContain(`{% $${variable} & '.`)
    },
  )

  it('gives items executions of their own where they could fill the history of one', () => {
    expect(modeOf(mapOf({ ...body, maxItems: 400 }))).toBe('INLINE')
    expect(modeOf(mapOf(body))).toBe('DISTRIBUTED')
    expect(modeOf(mapOf({ ...body, maxItems: 5, maxConcurrency: 41 }))).toBe('DISTRIBUTED')
    expect(modeOf(mapOf({ ...list, workflow: 'other', maxItems: 400 }))).toBe('INLINE')
    expect(modeOf(mapOf({ ...list, workflow: 'other' }))).toBe('DISTRIBUTED')
    const { counts } = mapOf(body).compiled
    // The longest of several executions counts, which is that of an item.
    expect(counts.worstEvents).toBeLessThan(100)
    expect(counts.transitions).toBeGreaterThan(40)
  })

  it('reaches the functions of its steps from there', () => {
    expect(mapOf(body).map.ItemSelector).toEqual({
      taskId: '{% $states.context.Execution.Input.taskId %}',
      path: "{% 'e' & '[' & $string($states.context.Map.Item.Index) & ']' %}",
      redrives: '{% [$states.context.Execution.RedriveCount] %}',
      functions: '{% $states.context.Execution.Input.functions %}',
      steps: expect.stringContaining('Execution.Input.steps'),
    })
  })
})
