import { readFileSync } from 'node:fs'
import { testWorkflow } from 'orchestrator/testing'
import { expect, it, vi } from 'vitest'
import codeCheck from '../../functions/agents/code-check/index.ts'
import codeRun from '../../functions/agents/code-run/index.ts'
import language from '../../functions/agents/language/index.ts'

const codeTask = readFileSync(new URL('../../workflows/code_task.yaml', import.meta.url), 'utf8')
// The check and the sandbox are the real ones: each round compiles types.
vi.setConfig({ testTimeout: 60_000 })

const agents = { language, 'code.check': codeCheck, 'code.run': codeRun }

const tests = `import { expect, test } from 'vitest'
import { median } from './code.js'
test('odd', () => { expect(median([3, 1, 2])).toBe(2) })
test('even', () => { expect(median([4, 1, 2, 3])).toBe(2.5) })`

const right = `export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? high : (low + high) / 2
}
export default ({ values }: { values: number[] }) => median(values)`

/** Its types are right, and a test fails. */
const wrong = right.replace('(low + high) / 2', 'high')
/** Its tests pass, and its types are wrong. */
const untyped = right.replace('values: readonly number[]', 'values')

it('mends code by what the check and the tests say, until both are content', async () => {
  const run = await testWorkflow(codeTask, {
    input: { task: 'The median of a list of numbers.', tests, input: { values: [5, 3, 9] } },
    agents,
    models: [
      { value: { code: wrong, explanation: 'first' } },
      { value: { code: untyped, explanation: 'second' } },
      { value: { code: right, explanation: 'third' } },
    ],
  })
  expect(run.result).toEqual({
    code: right,
    tests,
    explanation: 'third',
    output: 5,
    passed: 2,
    rounds: 3,
    engine: 'llm:scripted-default',
  })
  // The model was told the failing test, then the wrong type.
  const prompts = run.modelCalls.map(({ messages }) => JSON.stringify(messages))
  expect(prompts[0]).not.toContain('problems of the code')
  expect(prompts[1]).toMatch(/failedTests.*even.*expected 3 toBe\(2\.5\)/)
  expect(prompts[2]).toMatch(/TS7006/)
})

it('gives up after four rounds', async () => {
  const run = await testWorkflow(codeTask, {
    input: { task: 'The median of a list of numbers.', tests },
    agents,
    models: () => ({ value: { code: wrong, explanation: 'again' } }),
  })
  expect(run.error).toMatchObject({ name: 'LoopExhaustedError', stepId: 'write' })
  expect(run.modelCalls).toHaveLength(4)
})

it('says which setting to make in a stage without a model', async () => {
  const run = await testWorkflow(codeTask, { input: { task: 'Anything.' }, agents })
  expect(run.error).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(/models\.default/) })
})
