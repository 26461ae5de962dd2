import { describe, expect, it } from 'vitest'
import type { Json } from '../../../shared/domain/json.ts'
import { testWorkflow } from '../../../testing/index.ts'

describe('a child whose workflow is the value of an expression (control/O10)', () => {
  const caller = (more: object = {}) => ({
    name: 'caller',
    input: { type: 'object', properties: { name: { type: 'string' }, names: { type: 'array' } } },
    steps: {
      plan: { capability: 'plan.make' },
      run: { workflow: '{% $steps.plan.workflow %}', input: { n: 4 }, ...more },
    },
    output: '{% $steps.run %}',
  })
  const double = {
    name: 'double',
    input: { type: 'object', required: ['n'], properties: { n: { type: 'number' } } },
    steps: { twice: { capability: 'number.double', input: { n: '{% $input.n %}' } } },
    output: '{% $steps.twice.n %}',
  }
  const twice = (input: unknown) => ({ n: 2 * (input as { n: number }).n })
  const run = (workflow: unknown, more: object = {}, rest: object = {}) =>
    testWorkflow(caller(more), {
      agents: {
        'plan.make': () => ({ workflow: (workflow ?? null) as Json }),
        'number.double': { price: { perCallUsd: 1 }, output: twice },
      },
      input: {},
      ...rest,
    })

  it('runs a definition as a task of its own, given as a value or as text', async () => {
    const { result, steps } = await run(double)
    expect(result).toBe(8)
    expect(steps.run?.status).toBe('succeeded')
    const text = 'name: double\nsteps:\n  twice: {capability: number.double, input: {n: "{% $input.n %}"}}\n'
    expect((await run(text)).result).toEqual({ twice: { n: 8 } })
  })

  it('runs a registered workflow whose name was computed', async () => {
    expect((await run('double', {}, { workflows: [double] })).result).toBe(8)
    expect((await run('double@1', {}, { workflows: [double] })).result).toBe(8)
  })

  it.each([
    ['nothing', undefined, 'InvalidInputError', 'must come to the name of a workflow'],
    ['a number', 7, 'InvalidInputError', 'workflow is 7'],
    ['a list', [], 'InvalidInputError', 'must come to the name of a workflow'],
    [
      'a name that is unknown',
      'doubel',
      'InvalidWorkflowError',
      'no workflow "doubel"; did you mean "double"',
    ],
    ['no YAML', 'steps: [', 'InvalidWorkflowError', 'the workflow that its expression has come to'],
    [
      'a step that is not there',
      { name: 'x', steps: { a: { capability: 'number.double', input: { n: '{% $steps.b.n %}' } } } },
      'InvalidWorkflowError',
      'steps.a.input.n: "b" is not a step of this workflow',
    ],
    [
      'a circle',
      {
        name: 'x',
        steps: { a: { wait: { seconds: 1 }, needs: ['b'] }, b: { wait: { seconds: 1 }, needs: ['a'] } },
      },
      'InvalidWorkflowError',
      'steps',
    ],
    [
      'a capability that nobody offers',
      { name: 'x', steps: { a: { capability: 'number.triple' } } },
      'NoAgentError',
      'no agent offers "number.triple"',
    ],
    [
      'an input that does not fit',
      { ...double, input: { ...double.input, properties: { n: { type: 'string' } } } },
      'InvalidInputError',
      'the input does not fit workflow "double"',
    ],
    [
      'too many steps',
      {
        name: 'x',
        steps: Object.fromEntries(
          Array.from({ length: 201 }, (_, at) => [`s${at}`, { wait: { seconds: 0 } }]),
        ),
      },
      'InvalidWorkflowError',
      'it has 201 steps',
    ],
    ['too long a text', `name: x # ${'x'.repeat(300_000)}`, 'InvalidWorkflowError', 'the most is 300000'],
  ])('fails for %s, and says why', async (_what, workflow, name, message) => {
    const { status, error } = await run(workflow, {}, { workflows: [double] })
    expect(status).toBe('failed')
    expect(error).toMatchObject({ name, message: expect.stringContaining(message), stepId: 'run' })
  })

  it('is handled as any failure where onFailure says so', async () => {
    const { result } = await run(7, { onFailure: { output: '{% $error.name %}' } })
    expect(result).toBe('InvalidInputError')
  })

  it('is computed for each item of a fan-out', async () => {
    const { result } = await testWorkflow(
      {
        name: 'each',
        steps: {
          run: {
            forEach: '{% $input.names %}',
            workflow: '{% $item.name %}',
            input: { n: '{% $item.n %}' },
          },
        },
        output: '{% $steps.run %}',
      },
      {
        agents: { 'number.double': twice },
        workflows: [double, { ...double, name: 'again', output: '{% $steps.twice.n * 10 %}' }],
        input: {
          names: [
            { name: 'double', n: 1 },
            { name: 'again', n: 2 },
          ],
        },
      },
    )
    expect(result).toEqual([2, 40])
  })

  it('is not nested without end', async () => {
    const itself = {
      name: 'itself',
      steps: { again: { workflow: '{% $input.workflow %}', input: '{% $input %}' } },
    }
    const { error } = await testWorkflow(itself, { agents: {}, input: { workflow: itself } })
    expect(error).toMatchObject({ message: expect.stringContaining('9 workflows deep; the most is 8') })
  })

  it('shares the budget of its parent', async () => {
    expect((await run(double, {}, { budgetUsd: 1.5 })).result).toBe(8)
    const { error } = await run(double, {}, { budgetUsd: 0.5 })
    expect(error).toMatchObject({ name: 'BudgetExceededError', stepId: 'run' })
  })
})
