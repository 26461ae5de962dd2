import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { compareTasks, type WholeTask } from '../../../cli/show/compare-tasks.ts'
import { printStep } from '../../../cli/show/describe-step.ts'
import { jsonDiff } from '../../../cli/show/json-diff.ts'
import { jsonText, printBounded } from '../../../cli/show/json-text.ts'
import type { StepView } from '../../../shared/contracts/views.ts'

const stepOf = (stepId: string, more: Partial<StepView> = {}): StepView => ({
  ...{ stepId, status: 'succeeded', agentId: 'writer', agentVersion: '1.0.0', needs: [], attempts: [] },
  ...more,
})
const taskOf = (taskId: string, steps: StepView[], more: Partial<WholeTask> = {}): WholeTask => ({
  task: {
    ...{ taskId, status: 'succeeded', workflow: { name: 'w', version: 1 }, metadata: {}, links: {}, steps },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', durationMs: Number(taskId) },
    execution: { name: taskId, arn: taskId, stateMachineArn: '' },
  },
  ...{ input: { n: 1 }, definition: { name: 'w', steps: {} }, result: 'done', steps },
  ...more,
})

describe('two tasks', () => {
  it('are equal, though they took different times, and were given their members in another order', () => {
    const a = taskOf('1', [stepOf('a', { durationMs: 5, input: { x: 1, y: 2 } })])
    const b = taskOf('2', [stepOf('a', { durationMs: 9, input: { y: 2, x: 1 } })])
    expect(compareTasks(a, b)).toEqual([])
  })

  const failed = { status: 'failed', error: { name: 'AgentFailedError', message: 'no' } } as const
  it.each<[string, Partial<StepView>, string, unknown, unknown]>([
    ['status', { status: 'skipped' }, 'status', 'succeeded', 'skipped'],
    ['agent', { agentId: 'other' }, 'agent', 'writer@1.0.0', 'other@1.0.0'],
    ['version', { agentVersion: '2.0.0' }, 'agent', 'writer@1.0.0', 'writer@2.0.0'],
    ['input', { input: { n: 2 } }, 'input', { n: 1 }, { n: 2 }],
    ['output', { output: { m: 2 } }, 'output', { m: 1 }, { m: 2 }],
    ['cost', { costUsd: 2 }, 'costUsd', 1, 2],
    ['tokens', { tokens: 2 }, 'tokens', 1, 2],
  ])('differ by the %s of a step', (_name, more, field, a, b) => {
    const same = { input: { n: 1 }, output: { m: 1 }, costUsd: 1, tokens: 1 }
    const one = taskOf('1', [stepOf('a', same)])
    const other = taskOf('2', [stepOf('a', { ...same, ...more })])
    expect(compareTasks(one, other)).toEqual([{ stepId: 'a', field, a, b }])
    expect(compareTasks(other, one)).toEqual([{ stepId: 'a', field, a: b, b: a }])
  })

  it.each<[string, Partial<StepView>, Partial<StepView>, object[]]>([
    [
      'other code',
      { agentCode: 'one' },
      { agentCode: 'two' },
      [{ stepId: 'a', field: 'code', a: 'one', b: 'two' }],
    ],
    ['the same code', { agentCode: 'one' }, { agentCode: 'one' }, []],
    ['code of before digests were kept', {}, { agentCode: 'two' }, []],
    [
      'another version, of course of other code',
      { agentCode: 'one' },
      { agentCode: 'two', agentVersion: '1.1.0' },
      [{ stepId: 'a', field: 'agent', a: 'writer@1.0.0', b: 'writer@1.1.0' }],
    ],
  ])('with %s of an agent', (_what, a, b, expected) => {
    expect(compareTasks(taskOf('1', [stepOf('a', a)]), taskOf('2', [stepOf('a', b)]))).toEqual(expected)
  })

  it('with other code of an agent that has failed', () => {
    const failedBy = (agentCode: string) =>
      stepOf('a', {
        ...{ status: 'failed', agentVersion: undefined, agentId: 'writer' },
        attempts: [
          {
            ...{ agentId: 'writer', agentVersion: '1.0.0', agentCode, startedAt: '', endedAt: '' },
            error: { name: 'AgentFailedError', message: 'no' },
          },
        ],
      })
    expect(compareTasks(taskOf('1', [failedBy('one')]), taskOf('2', [failedBy('two')]))).toEqual([
      { stepId: 'a', field: 'code', a: 'one', b: 'two' },
    ])
  })

  it('differ by what the tasks were given, run and have answered, and by steps of one alone', () => {
    const a = taskOf('1', [stepOf('a'), stepOf('b', failed)], { input: 1, definition: 1, result: 1 })
    const b = taskOf('2', [stepOf('c'), stepOf('a')], { input: 2, definition: 2 })
    b.task.workflow.version = 2
    expect(compareTasks(a, { ...b, result: undefined })).toEqual([
      { field: 'workflow', a: 'w@1', b: 'w@2' },
      { field: 'definition', a: 1, b: 2 },
      { field: 'input', a: 1, b: 2 },
      { field: 'result', a: 1 },
      { stepId: 'b', field: 'step', a: 'failed' },
      { stepId: 'c', field: 'step', b: 'succeeded' },
    ])
  })

  it('do not differ by an input that was not kept of one of them', () => {
    const a = taskOf('1', [stepOf('a', { input: { n: 1 } })])
    expect(compareTasks(a, taskOf('2', [stepOf('a')]))).toEqual([])
  })
})

describe('a diff of JSON', () => {
  it('has the lines that differ with what is around them', () => {
    const a = { name: 'x', list: [1, 2, 3], text: 'one\ntwo\nthree' }
    const b = { text: 'one\n2\nthree', list: [1, 2, 3], name: 'x' }
    expect(jsonDiff(a, b)).toEqual([
      '@@ -6,6 +6,6 @@',
      '   ],',
      '   "name": "x",',
      '   "text": "one\\n',
      '-    two\\n',
      '+    2\\n',
      '     three"',
      ' }',
    ])
  })

  it('is empty for equal values, and only for them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(jsonDiff(a, structuredClone(a))).toEqual([])
        expect(jsonDiff(a, b).length === 0).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
    )
  })

  it('is given up where it would take long, and says so', { timeout: 20_000 }, () => {
    const many = (from: number) => Array.from({ length: 60_000 }, (_, n) => (n * 7_919 + from) % 60_013)
    expect(jsonDiff(many(0), many(31)).length).toBeGreaterThan(0)
  })
})

describe('a value on a terminal', () => {
  afterEach(() => vi.restoreAllMocks())
  const printedBy = (work: () => void): string[] => {
    const lines: string[] = []
    vi.spyOn(console, 'log').mockImplementation((line = '') => void lines.push(String(line)))
    work()
    return lines
  }

  it('shows what a terminal would obey or reorder, and stays JSON of the same value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = jsonText({ text })
        expect(json).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u)
        expect(JSON.parse(json)).toEqual({ text })
      }),
    )
  })

  it('is bounded, with the command that shows all of it; a pipe has all', () => {
    const lines = Array.from({ length: 100 }, (_, at) => `line ${at}`)
    const bounded = printedBy(() =>
      printBounded(lines, { whole: 'orchestrator show t --full', isFull: false }),
    )
    expect(bounded).toHaveLength(31)
    expect(bounded.at(-1)).toContain('... and more; all of it: orchestrator show t --full')
    expect(printedBy(() => printBounded(lines, { whole: '' }))).toHaveLength(100)
  })

  it('is a step with its attempts, their stacks and causes', () => {
    const cause = { name: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:9', stack: undefined }
    const error = {
      name: 'AgentFailedError',
      message: 'boom',
      stack: 'at work (writer.ts:3:5)',
      causes: [cause],
    }
    const times = { startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:02.000Z' }
    const attempt = { agentId: 'writer', agentVersion: '1.0.0', ...times, error }
    const step = stepOf('a', {
      ...times,
      attempts: [attempt],
      agentVersion: '1.1.0',
      input: { n: 1 },
      output: 'o',
    })
    expect(printedBy(() => printStep(step, { whole: '' }))).toEqual([
      'a  succeeded',
      'by writer@1.1.0',
      '\ninput',
      '  {',
      '    "n": 1',
      '  }',
      '\nattempts',
      '  1  writer@1.0.0  2026-01-01T00:00:00.000Z  failed after 2.0 s',
      '  AgentFailedError: boom',
      '  at work (writer.ts:3:5)',
      '  caused by: Error: connect ECONNREFUSED 127.0.0.1:9',
      '  2  writer@1.1.0  2026-01-01T00:00:00.000Z  succeeded after 2.0 s',
      '\noutput',
      '  "o"',
    ])
    const old = printedBy(() => printStep(stepOf('a', times), { whole: '' }))
    expect(old).toContain('\ninput: none is kept')
  })
})
