import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import type { Json } from '../../shared/domain/json.ts'
import { takeTurn } from '../../shared/host/converse/take-turn.ts'
import { toolsOfCapabilities } from '../../shared/host/converse/tools-of-capabilities.ts'
import { TurnInputSchema, type TurnOutput } from '../../shared/host/converse/turn-schemas.ts'
import { boundedAnswer, MOST_ARGUMENTS, MOST_KEPT_CALLS } from '../../shared/host/model/bounded-answer.ts'
import type { ModelAnswer, ModelPart } from '../../shared/ports/models.ts'

const RUNS = Number(process.env.ORCHESTRATOR_BOUNDS ?? 60)
/** The history, and what of one turn cannot be left out: its own calls. */
const MOST_STATE = 512 * 1_024 + 9 * MOST_ARGUMENTS + 100_000

const size = fc.oneof(
  fc.constant(0),
  fc.constant(1),
  fc.constant(90),
  fc.constant(5_000),
  fc.constant(200_000),
)
const text = fc
  .tuple(fc.constantFrom('x', '"', '\u0000', '\ud800', 'ä', '.', ' '), size)
  .map(([unit, times]) => unit.repeat(times))
const input: fc.Arbitrary<Json> = fc.oneof(
  fc.tuple(text, text).map(([key, value]) => ({ [key]: value })),
  text,
  fc.integer({ min: 0, max: 20_000 }).map((count) => Array<Json>(count).fill('y')),
  fc.constant(null),
)
const name = fc.oneof(text, fc.constantFrom('text_write', 'text.write', 'list.sort', '__proto__'))
const part: fc.Arbitrary<ModelPart> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('tool-call' as const), id: text, name, input }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('text' as const), text }) },
)
const answers: fc.Arbitrary<ModelAnswer> = fc
  .record({
    parts: fc.oneof(
      fc.array(part, { maxLength: 6 }),
      fc
        .tuple(part, fc.integer({ min: 1, max: 500 }))
        .map(([one, times]) => Array<ModelPart>(times).fill(one)),
    ),
    finish: fc.constantFrom('tools' as const, 'stop' as const, 'length' as const),
    modelId: text,
    requestId: text,
  })
  .map((answer) => ({ ...answer, usage: { inputTokens: 1, outputTokens: 1 } }))

const schema = { type: 'object', properties: { task: { type: 'string' } }, additionalProperties: false }
const tools = toolsOfCapabilities(
  ['text.write', 'list.sort'],
  [
    ['a', 'text.write', schema],
    ['b', 'list.sort', { type: 'array', items: { type: 'string', maxLength: 3 } }],
  ].map(([id, one, inputSchema]) => ({
    ...{ id, status: 'active' },
    capabilities: [{ name: one, description: '', inputSchema }],
  })) as never,
  'default',
)

describe('what a model sends', () => {
  it('is kept within its limits, and unchanged where it is within them (bounded-answer/A1, bounded-answer/A2)', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const bounded = boundedAnswer(answer)
        const calls = bounded.parts.filter((one) => one.kind === 'tool-call')
        expect(calls.length).toBeLessThanOrEqual(MOST_KEPT_CALLS)
        for (const { id, name: called, input: given } of calls) {
          expect(id.length).toBeLessThanOrEqual(64)
          expect(called.length).toBeLessThanOrEqual(100)
          expect(JSON.stringify(given).length).toBeLessThanOrEqual(MOST_ARGUMENTS)
        }
        expect(bounded.modelId.length).toBeLessThanOrEqual(256)
        expect(boundedAnswer(bounded)).toEqual(bounded)
      }),
      { numRuns: RUNS, seed: 20_261_129 },
    )
  })

  it('makes a conversation of bounded states, calls and messages, over all its turns (turn/N5)', async () => {
    let turns = 0
    await fc.assert(
      fc.asyncProperty(fc.array(answers, { minLength: 1, maxLength: 6 }), async (script) => {
        let before: TurnOutput['state']
        for (const [at, answer] of script.entries()) {
          const given = TurnInputSchema.parse({
            ...{ model: 'default', input: 'hello', capabilities: ['text.write', 'list.sort'] },
            ...{ maxTurns: 50, maxOutputTokens: 100, turn: at + 1, before, results: [] },
          })
          const told = await takeTurn(given, tools, contextOf(boundedAnswer(answer))).catch(
            (error: unknown) => {
              if (!isOrchestratorError(error, 'LoopDetectedError')) throw error
              expect(error.message.length).toBeLessThan(500)
            },
          )
          if (!told?.state) return
          turns += 1
          expect(JSON.stringify(told.state).length).toBeLessThan(MOST_STATE)
          for (const { error = '', id, name: called } of told.state.pending) {
            expect(error.length).toBeLessThan(20_000)
            expect(id.length + called.length).toBeLessThanOrEqual(164)
          }
          expect(told.calls.length).toBeLessThanOrEqual(8)
          before = told.state
        }
      }),
      { numRuns: RUNS, seed: 20_261_129 },
    )
    expect(turns).toBeGreaterThan(RUNS)
  })
})

const contextOf = (answer: ModelAnswer) =>
  ({
    model: {
      generate: async () => ({
        ...answer,
        text: answer.parts.flatMap((one) => (one.kind === 'text' ? one.text : [])).join(''),
      }),
    },
    once: (_key: string, effect: () => Promise<Json>) => effect(),
    files: { write: async (file: string) => ({ $file: `task-files/${file}` }) },
    step: { path: 'ask[2].turn', run: '1' },
    task: { id: 't' },
    log: { info: () => {} },
  }) as never
