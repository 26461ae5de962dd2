import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import type { Json, JsonObject } from '../../shared/domain/json.ts'
import { mostInputTokens } from '../../shared/domain/model-tokens.ts'
import type { ModelPrice } from '../../shared/domain/price-table.ts'
import { planFromGoal } from '../../shared/planner/plan-from-goal.ts'
import { plannerCatalogue } from '../../shared/planner/planner-catalogue.ts'
import type { PlanningCaps } from '../../shared/planner/planning-caps.ts'
import { repairPlan } from '../../shared/planner/repair-plan.ts'
import { understandName } from '../../shared/planner/understand-name.ts'
import type { ModelAnswer, ModelRequest } from '../../shared/ports/models.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { capability } from '../support/planner/world.ts'

const RUNS = Number(process.env.ORCHESTRATOR_PLANNER_SCRIPTS ?? 300)
/** Drafts alone need fewer: what is random about them is a part of every script. */
const DRAFTS = Math.min(RUNS, 1_000)

const CATALOGUE = plannerCatalogue([
  {
    id: 'tools',
    version: '1.0.0',
    capabilities: [
      capability('text.fetch', { url: { type: 'string' }, most: { type: 'integer' } }, ['url']),
      capability('text.join', { texts: { type: 'array', items: { type: 'string' } } }, ['texts']),
      capability('translation', { text: { type: 'string' } }, ['text']),
    ],
  },
])

/** Evenly, where fast-check's own numbers are mostly tiny. */
const upTo = (most: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 1_000 }).map((part) => (most * part) / 1_000)

const idOf = fc.constantFrom('a', 'b', 'c', 'Step 1', '2', 'fetch_page')
const anyValue: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    'x',
    '3',
    '$steps.a.text',
    '{% $steps.a.text %}',
    '{% $steps.b.text %}',
    '{{ input.q }}',
    '{% broken',
    '{% $input.q %}',
  ),
  fc.constantFrom<Json>(null, 3, true, ['x'], { deep: ['{% $steps.c.text %}'] }),
)
const inputOf = fc.oneof(
  fc.dictionary(fc.constantFrom('url', 'URL', 'texts', 'text', 'most', 'other'), anyValue),
  anyValue,
)
const stepOf: fc.Arbitrary<JsonObject> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record<JsonObject>(
      {
        capability: fc.constantFrom<Json>(
          'text.fetch',
          'text.join',
          'translation',
          'TextFetch',
          'Machine Translation',
          'poem.write',
          'Image Splicer',
          null,
          4,
        ),
        input: inputOf,
        needs: fc.oneof(
          fc.array(fc.oneof(idOf, fc.constantFrom<Json>(0, 1, 'nowhere'))),
          fc.constantFrom<Json>('a', 1, null),
        ),
        tool: fc.constantFrom<Json>('text.fetch'),
        when: fc.constantFrom<Json>('{% true %}', 'true', null),
        forEach: fc.constantFrom<Json>('{% ["x"] %}'),
      },
      { requiredKeys: ['capability'] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<JsonObject>(
      {},
      { approval: { prompt: 'go?', timeoutSeconds: 60 } },
      { repeat: { steps: { r: { capability: 'TextFetch' } }, until: '{% true %}', maxIterations: 2 } },
    ),
  },
)
const stepsOf: fc.Arbitrary<Json> = fc.oneof(
  fc.dictionary(idOf, stepOf, { maxKeys: 6 }),
  fc.array(stepOf, { maxLength: 25 }),
  anyValue,
)
const workflowOf: fc.Arbitrary<JsonObject> = fc.record<JsonObject>(
  { name: fc.constantFrom<Json>('p', 'My Plan', 3), steps: stepsOf, output: anyValue },
  { requiredKeys: ['steps'] },
)
/** Workflows that are valid as they are: each step fetches, or translates what an earlier one has found. */
const validOf: fc.Arbitrary<JsonObject> = fc.array(fc.nat(), { minLength: 1, maxLength: 8 }).map((links) => ({
  name: 'p',
  steps: Object.fromEntries(links.map((link, at) => [`s${at}`, validStep(link % (at + 1), at)])),
}))

const validStep = (from: number, at: number): JsonObject =>
  from === at
    ? { capability: 'text.fetch', input: { url: '{% $input.q %}' } }
    : { capability: 'translation', input: { text: `{% $steps.s${from}.text %}` }, needs: [`s${from}`] }

/** The same with one capability that is made up, so that nothing else is wrong with the plan. */
const inventedOf: fc.Arbitrary<JsonObject> = fc.tuple(validOf, fc.nat()).map(([workflow, which]) => {
  const steps = Object.entries(workflow.steps as Record<string, JsonObject>)
  const [id, step] = steps[which % steps.length] as [string, JsonObject]
  return { ...workflow, steps: { ...Object.fromEntries(steps), [id]: { ...step, capability: 'poem.write' } } }
})

const textOf: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record<JsonObject>(
        {
          assumptions: fc.constantFrom<Json>([], ['x'], 'x', null),
          workflow: workflowOf,
          refusal: fc.constantFrom<Json>('no', 'It cannot be done.', '', null),
        },
        { requiredKeys: ['workflow'] },
      )
      .map((value) => JSON.stringify(value)),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 200 }) },
  { weight: 4, arbitrary: validOf.map((workflow) => JSON.stringify({ assumptions: [], workflow })) },
  { weight: 2, arbitrary: inventedOf.map((workflow) => JSON.stringify({ assumptions: [], workflow })) },
)

type Turn = {
  text: string
  cut: number
  finish: ModelAnswer['finish']
  input: number
  output: number
  cached: number
  behaves: 'answers' | 'throws' | 'hangs'
}
const turnOf: fc.Arbitrary<Turn> = fc.record({
  text: textOf,
  cut: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: upTo(1) }),
  finish: fc.constantFrom<ModelAnswer['finish']>('stop', 'stop', 'stop', 'length', 'filtered', 'tools'),
  input: upTo(1),
  output: upTo(1),
  cached: upTo(1),
  behaves: fc.constantFrom<Turn['behaves']>(
    'answers',
    'answers',
    'answers',
    'answers',
    'answers',
    'answers',
    'throws',
    'hangs',
  ),
})
const capsOf: fc.Arbitrary<PlanningCaps> = fc.record({
  calls: fc.integer({ min: 0, max: 4 }),
  tokens: fc.integer({ min: 0, max: 40_000 }),
  usd: upTo(0.2),
  seconds: fc.constant(60),
  steps: fc.integer({ min: 1, max: 20 }),
})
const priceOf: fc.Arbitrary<ModelPrice> = fc.record(
  {
    input: upTo(15),
    output: upTo(75),
    cacheRead: upTo(2),
    cacheWrite: upTo(20),
  },
  { requiredKeys: ['input', 'output'] },
)

/**
 * What a provider may count for a request: any part of the most, the same part of the prompt in each call, read, put into the cache or found
 * in it.
 */
function usageOf(
  { system, messages: [prompt, ...turns], answer, maxOutputTokens }: ModelRequest,
  ofPrompt: number,
  { input, output, cached }: Turn,
): ModelAnswer['usage'] {
  const first = { system, messages: prompt ? [prompt] : [], ...(answer ? { answer } : {}) }
  const all =
    Math.floor(mostInputTokens(first) * ofPrompt) +
    Math.floor(mostInputTokens({ system: [], messages: turns }) * input)
  const cacheReadTokens = Math.floor(all * cached)
  const cacheWriteTokens = Math.floor((all - cacheReadTokens) * cached)
  return {
    inputTokens: all - cacheReadTokens - cacheWriteTokens,
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens: Math.floor(maxOutputTokens * output),
  }
}

const costOf = (price: ModelPrice, usage: ModelAnswer['usage']): number =>
  (usage.inputTokens * price.input +
    usage.outputTokens * price.output +
    (usage.cacheReadTokens ?? 0) * (price.cacheRead ?? price.input) +
    (usage.cacheWriteTokens ?? 0) * (price.cacheWrite ?? price.input)) /
  1e6

describe('planning by a model that answers anything', () => {
  it(`never passes a cap, always ends, and plans only what is valid, in ${RUNS} scripts (planning-caps/C2, planning-caps/C3, planner/Q1, planner/Q3)`, async () => {
    let plans = 0
    const script = fc.tuple(fc.array(turnOf, { minLength: 1, maxLength: 4 }), capsOf, priceOf, fc.boolean())
    const property = fc.asyncProperty(script, async ([turns, caps, price, isAborted]) => {
      const used = { calls: 0, tokens: 0, usd: 0 }
      const controller = new AbortController()
      let late: () => void = () => {}
      const generate = (request: ModelRequest): Promise<ModelAnswer> => {
        const turn = turns[Math.min(used.calls, turns.length - 1)] as Turn
        const usage = usageOf(request, (turns[0] as Turn).input, turn)
        used.calls++
        used.tokens +=
          usage.inputTokens +
          usage.outputTokens +
          (usage.cacheReadTokens ?? 0) +
          (usage.cacheWriteTokens ?? 0)
        used.usd += costOf(price, usage)
        if (turn.behaves === 'hangs') {
          queueMicrotask(() => (isAborted ? controller.abort(new Error('cancelled')) : late()))
          return new Promise(() => {})
        }
        if (turn.behaves === 'throws') return Promise.reject(new Error('the endpoint is gone'))
        const text = turn.text.slice(0, turn.text.length * turn.cut)
        return Promise.resolve({ parts: [{ kind: 'text', text }], finish: turn.finish, usage, modelId: 'm' })
      }
      const timer = (_milliseconds: number, call: () => void) => {
        late = call
        return () => {}
      }
      const ends = planFromGoal({ models: { generate }, model: { name: 'm', price }, timer })(
        { text: 'anything', input: { q: 'x' } },
        CATALOGUE,
        caps,
        controller.signal,
      )
      const ended = await ends.catch((error: Error) => ({ kind: 'threw' as const, error }))
      expect(used.calls).toBeLessThanOrEqual(caps.calls)
      expect(used.tokens).toBeLessThanOrEqual(caps.tokens)
      expect(used.usd).toBeLessThanOrEqual(caps.usd)
      if (ended.kind === 'threw') {
        const isOurs = isOrchestratorError(ended.error, 'PlanningFailedError')
        expect(
          isOurs || /^(?:cancelled|the endpoint is gone)$/.test(ended.error.message),
          String(ended.error),
        ).toBe(true)
        return
      }
      expect([ended.calls, ended.tokens]).toEqual([used.calls, used.tokens])
      if (ended.kind === 'refused') return
      plans++
      const names = Object.values(ended.workflow.steps).flatMap((step) =>
        'capability' in step && step.capability ? [step.capability] : [],
      )
      expect(names.filter((name) => !CATALOGUE.find(name))).toEqual([])
      expect(Object.keys(ended.workflow.steps).length).toBeLessThanOrEqual(caps.steps)
    })
    await fc.assert(property, { numRuns: RUNS, seed: 20_261_128 })
    // Scripts of which none is ever planned would prove nothing.
    expect(plans).toBeGreaterThan(RUNS / 50)
  }, 600_000)
})

describe('repairs of any draft', () => {
  it('are all told, and repairing again changes nothing (repair-plan/R1, repair-plan/R3)', () => {
    fc.assert(
      fc.property(workflowOf, (given) => {
        const before = JSON.stringify(given)
        const { workflow, repairs } = repairPlan(given, CATALOGUE)
        expect(JSON.stringify(given)).toBe(before)
        const again = repairPlan(workflow, CATALOGUE)
        expect(again).toEqual({ workflow, repairs: [] })
        if (repairs.length === 0) expect(workflow).toEqual(given)
      }),
      { numRuns: DRAFTS, seed: 20_261_128 },
    )
  })

  it('add no step and take none away (repair-plan/R2)', () => {
    const count = (steps: Json | undefined): number =>
      typeof steps === 'object' && steps !== null ? Object.keys(steps).length : 0
    fc.assert(
      fc.property(workflowOf, (given) => {
        expect(count(repairPlan(given, CATALOGUE).workflow.steps)).toBe(count(given.steps))
      }),
      { numRuns: DRAFTS, seed: 20_261_128 },
    )
  })

  it('leave a valid draft as it is (repair-plan/R2)', () => {
    fc.assert(
      fc.property(validOf, (given) => {
        expect(validateWorkflow(given, { catalogue: CATALOGUE }).issues).toEqual([])
        expect(repairPlan(given, CATALOGUE)).toEqual({ workflow: given, repairs: [] })
      }),
      { numRuns: DRAFTS, seed: 20_261_128 },
    )
  })
})

describe('a name', () => {
  it('is understood as a known one or not at all, and the known ones as themselves (understand-name/N1)', () => {
    const known = CATALOGUE.capabilities
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...known.map(({ name }) => name))), (given) => {
        const found = understandName(given, known)
        if (known.some(({ name }) => name === given)) expect(found).toMatchObject({ name: given })
        else if (found) expect(known.map(({ name }) => name)).toContain(found.name)
      }),
      { numRuns: DRAFTS, seed: 20_261_128 },
    )
  })
})
