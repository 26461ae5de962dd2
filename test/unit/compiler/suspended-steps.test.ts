import aslValidator from 'asl-validator'
import { describe, expect, it } from 'vitest'
import { compileWorkflow } from '../../../shared/compiler/index.ts'
import { suspendsOf } from '../../../shared/workflow/suspends-of.ts'
import { validWorkflow } from '../../support/cloud/compiled-workflow.ts'

const offering = (id: string, ...suspending: string[]) => ({
  id,
  capabilities: ['job.run', 'text.write'].map((name) => ({
    name,
    description: '',
    inputSchema: {},
    outputSchema: {},
    ...(suspending.includes(name) ? { suspends: true } : {}),
  })),
})
const suspends = suspendsOf([offering('worker', 'job.run'), offering('writer')])

const steps = {
  build: { capability: 'job.run', description: 'Builds it' },
  report: { capability: 'text.write', needs: ['build'] },
}

describe('a step whose agent may suspend', () => {
  it('has a Choice after its Task, and a state that sleeps (suspend-state/W1, suspend-state/W2, suspend-state/W3, suspend-state/W4)', () => {
    const { definition, suspending } = compileWorkflow(validWorkflow({ name: 'w', steps }), { suspends })
    expect(suspending).toEqual(['build'])
    const { build, report, ...others } = definition.States
    expect(Object.keys(others)).toEqual([
      ...['build: rebind', 'build: again?', 'build: wait', 'build: ended?', 'build: suspend'],
      ...['report: rebind', 'report: again?', 'report: wait', 'report: settled'],
    ])
    expect({ build, ended: others['build: ended?'], suspend: others['build: suspend'] }).toMatchSnapshot()
    expect(aslValidator(structuredClone(definition)).isValid).toBe(true)
  })

  it('changes no byte of the others, and of no workflow without such an agent', () => {
    const workflow = validWorkflow({ name: 'w', steps })
    const [without, withStates] = [compileWorkflow(workflow), compileWorkflow(workflow, { suspends })]
    for (const name of ['report', 'report: rebind', 'report: again?', 'report: wait', 'report: settled'])
      expect(withStates.definition.States[name]).toEqual(without.definition.States[name])
    const none = suspendsOf([offering('writer')])
    expect(JSON.stringify(compileWorkflow(workflow, { suspends: none }))).toBe(JSON.stringify(without))
  })

  it('is counted: a Choice, and one suspension where nothing is known', () => {
    const workflow = validWorkflow({ name: 'w', steps })
    const [without, withStates] = [compileWorkflow(workflow), compileWorkflow(workflow, { suspends })]
    expect(withStates.counts.states - without.counts.states).toBe(2)
    // The Choice, the sleeping state, the Task and the Choice again.
    expect(withStates.counts.transitions - without.counts.transitions).toBe(4)
    expect(withStates.counts.events - without.counts.events).toBe(2 + 6 + 5 + 2)
  })

  it.each<[string, object, string[]]>([
    ['that is pinned', { a: { agent: 'worker' } }, ['a']],
    ['that is pinned to one that does not suspend', { a: { capability: 'job.run', agent: 'writer' } }, []],
    ['that is a fallback', { a: { capability: 'text.write', fallback: ['worker'] } }, ['a']],
    ['for a fallback capability', { a: { capability: 'text.write', fallback: ['job.run'] } }, ['a']],
    ['bound late', { a: { capability: 'job.run', bind: 'late' } }, ['a']],
    [
      'that its expression may come to',
      { a: { capability: '{% $input.what %}', oneOf: ['text.write', 'job.run'], bind: 'late' } },
      ['a'],
    ],
    ['of items', { a: { forEach: '{% $input.list %}', capability: 'job.run' } }, ['a']],
    [
      'inside a loop and a fan-out',
      {
        a: { repeat: { steps: { b: { capability: 'job.run' } }, until: '{% true %}', maxIterations: 3 } },
        c: {
          forEach: '{% $input.list %}',
          steps: { d: { capability: 'job.run' }, e: { capability: 'text.write' } },
        },
      },
      ['a.b', 'c.d'],
    ],
  ])('is one %s', (_, given, places) => {
    const workflow = validWorkflow({ name: 'w', steps: given })
    for (const anonymous of [false, true]) {
      const compiled = compileWorkflow(workflow, { suspends, anonymous })
      expect(compiled.suspending ?? []).toEqual(places)
      expect(aslValidator(structuredClone(compiled.definition)).isValid).toBe(true)
    }
  })

  it('shares a machine only with those that suspend at the same places', () => {
    const bytes = (given: object): string =>
      JSON.stringify(
        compileWorkflow(validWorkflow({ name: 'w', steps: given }), { suspends, anonymous: true }).definition,
      )
    const a = { capability: 'job.run' }
    const b = { capability: 'text.write' }
    expect(bytes({ a, b })).toBe(bytes({ a: b, b: a }))
    expect(bytes({ a, b })).not.toBe(bytes({ a: b, b }))
    expect(bytes({ a, b: { ...b, needs: ['a'] } })).not.toBe(bytes({ a: b, b: { ...a, needs: ['a'] } }))
  })

  it('lets an item end without an output, as every item does', () => {
    const workflow = validWorkflow({
      name: 'w',
      steps: { a: { forEach: '{% $input.list %}', capability: 'job.run' } },
    })
    const { definition } = compileWorkflow(workflow, { suspends })
    const text = JSON.stringify(definition)
    expect(text).toContain('"a: item: settled":{"Type":"Succeed","Output":"{% {} %}"}')
  })
})
