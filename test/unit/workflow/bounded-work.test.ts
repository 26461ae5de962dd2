import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkSchema } from '../../../functions/agents/validation/check-schema.ts'
import { interruptible } from '../../../functions/expressions/interruptible.ts'
import { checkConstantInputs } from '../../../shared/app/choice/constant-inputs.ts'
import { parseInput } from '../../../shared/app/planning/check-input.ts'
import { withLists } from '../../../shared/app/steps/input-lists.ts'
import { isOrchestratorError } from '../../../shared/domain/errors.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { boundedWork, useBound } from '../../../shared/workflow/bounded-work.ts'
import type { Workflow } from '../../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'

const FEW_MILLISECONDS = 200
/** With the shortest time limit, so that the tests are short. */
beforeAll(() => useBound((what, work) => interruptible(what, work, FEW_MILLISECONDS)))
afterAll(() => useBound((_what, work) => work()))

const BACKTRACKING = '^(a+)+$'
const WORST = `${'a'.repeat(40)}!`
/** Each alternative repeats the next twice: 2^30 alternatives in a few lines. */
const doubling = {
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => [
      `d${at}`,
      at === 29
        ? { type: 'object', required: ['b'], properties: { b: { type: 'array' } } }
        : { anyOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
    ]),
  ),
}

const workflowWith = (input: Record<string, unknown>): Workflow => {
  const definition = { name: 'checked', input, steps: { a: { capability: 'echo' } } }
  const { workflow, issues } = validateWorkflow(definition)
  expect(issues).toEqual([])
  return workflow as Workflow
}

const endlessly = expect.objectContaining({
  name: 'InvalidInputError',
  message: expect.stringMatching(/takes longer than 200 ms|does not end/),
})
/** The error of the work itself; if the machine had no processor time for it, the work is repeated. */
function thrownBy(work: () => unknown): unknown {
  for (;;) {
    try {
      return { answered: work() }
    } catch (error) {
      if (!isOrchestratorError(error, 'UnavailableError')) return error
    }
  }
}

describe('work that a schema of a user could make endless', () => {
  it.each<[string, Record<string, unknown>, Json]>([
    ['a pattern', { type: 'string', pattern: BACKTRACKING }, WORST],
    ['patterns of names', { type: 'object', patternProperties: { [BACKTRACKING]: {} } }, { [WORST]: 1 }],
    ['names', { type: 'object', propertyNames: { pattern: BACKTRACKING } }, { [WORST]: 1 }],
    ['itself', { $ref: '#' }, 1],
    ['itself, as an alternative', { anyOf: [{ $ref: '#' }, { $ref: '#' }] }, 1],
    ['itself, as a part', { allOf: [{ $ref: '#' }] }, 1],
    [
      'two that are each other',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
      1,
    ],
  ])('ends at the input of a workflow: %s (work/K1, work/K2)', (_what, schema, input) => {
    expect(thrownBy(() => parseInput(workflowWith(schema), input))).toEqual(endlessly)
  })

  it('ends at the input of a step (work/K1)', () => {
    expect(thrownBy(() => withLists({ c: 1 }, '{% $found %}', doubling))).toEqual(endlessly)
  })

  it('ends in the agent that checks schemas (work/K1)', () => {
    expect(thrownBy(() => checkSchema(WORST, { type: 'string', pattern: BACKTRACKING }))).toEqual(endlessly)
  })

  it('is what it was for schemas that end, also for those that refer to themselves', () => {
    const tree = {
      type: 'object',
      properties: { n: { type: 'number' }, inner: { type: 'array', items: { $ref: '#' } } },
    }
    const input = { n: 1, inner: [{ n: 2, inner: [{}] }] }
    expect(parseInput(workflowWith(tree), input)).toEqual(input)
    expect(withLists({ n: 1, inner: {} }, '{% $found %}', tree)).toEqual({ n: 1, inner: [{}] })
  })

  it('reads a reference that is no encoded text as it stands', () => {
    const schema = { $ref: '#/$defs/a%', $defs: { 'a%': { type: 'array' } } }
    expect(withLists(1, '{% $found %}', schema)).toEqual([1])
  })

  it('has its own bound within other work, and goes on after an interruption (work/K3)', () => {
    const inner = (): unknown =>
      thrownBy(() => interruptible('inner', () => new RegExp(BACKTRACKING).test(WORST), 50))
    const outer = interruptible('outer', () => [inner(), boundedWork('last', () => 1)], 5_000)
    expect(outer).toEqual([expect.objectContaining({ name: 'InvalidInputError' }), 1])
  })

  it('passes on what the work throws', () => {
    const error = new TypeError('mine')
    expect(() =>
      boundedWork('it', () => {
        throw error
      }),
    ).toThrow(error)
  })

  it("gives up the check of a step's constants where an agent's schema does not end (constants/C3)", () => {
    const evil = { type: 'object', properties: { text: { type: 'string', pattern: BACKTRACKING } } }
    const known = makeAgent({ capability: 'echo' })
    const capabilities = known.capabilities.map((one) => ({
      ...one,
      inputSchema: evil as typeof one.inputSchema,
    }))
    const agent = { ...known, capabilities }
    const steps = { a: { capability: 'echo', input: { text: WORST } } }
    const { workflow } = validateWorkflow({ name: 'checked', steps })
    const choice = { isOpen: () => true, pinnedAt: () => undefined }
    const began = performance.now()
    expect(checkConstantInputs(workflow as Workflow, [agent], choice)).toEqual({
      issues: [],
      unfit: new Map(),
    })
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})
