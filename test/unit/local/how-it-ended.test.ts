import { describe, expect, it } from 'vitest'
import { howItEnded, lastLinesOf } from '../../../local/lambda/sandbox/how-it-ended.ts'

const end = { exitCode: undefined, signal: undefined, lastWords: '', lastOutput: '', memoryMb: 128 }
const MEMORY = 'Runtime.OutOfMemory'
const EXIT = 'Runtime.ExitError'

describe('how a sandbox process has ended', () => {
  it.each([
    [{ exitCode: 3 }, EXIT, 'Runtime exited with error: exit status 3'],
    [{ exitCode: 0 }, EXIT, 'Runtime exited without providing a reason'],
    [{ signal: 'SIGKILL' }, EXIT, 'Runtime exited with error: signal: killed'],
    [{ signal: 'SIGABRT' }, EXIT, 'Runtime exited with error: signal: aborted'],
    [{ signal: 'SIGSEGV' }, EXIT, 'Runtime exited with error: signal: segmentation fault'],
    [{ signal: 'SIGUSR2' }, EXIT, 'Runtime exited with error: signal: sigusr2'],
    [{ exitCode: 1, lastWords: 'heap out of memory' }, EXIT, 'Runtime exited with error: exit status 1'],
  ])('%j is %s', (given, errorType, errorMessage) => {
    expect(howItEnded({ ...end, ...given })).toEqual({ errorType, errorMessage, trace: [] })
  })

  it.each([
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'FATAL ERROR: invalid table size Allocation failed - JavaScript heap out of memory',
    'FATAL ERROR: Committing semi space failed. Allocation failed - JavaScript heap out of memory',
    "terminate called after throwing an instance of 'std::bad_alloc'",
    '# Fatal process out of memory: Zone',
  ])('is out of memory when it has said "%s"', (lastWords) => {
    const errorMessage =
      'Runtime exited with error: signal: killed: the function used more memory than its 128 MB'
    expect(howItEnded({ ...end, signal: 'SIGABRT', lastWords })).toEqual({
      errorType: MEMORY,
      errorMessage,
      trace: [],
    })
  })

  it('tells its last lines, without metrics and without what V8 prints', () => {
    const many = Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\n')
    const metric = '{"_aws":{"CloudWatchMetrics":[]},"Tasks":1}'
    expect(lastLinesOf(`${many}\n\n${metric}\nthe end\n`)).toEqual([
      ...Array.from({ length: 9 }, (_, index) => `line ${index + 21}`),
      'the end',
    ])
    const dying = `working\n\n<--- Last few GCs --->\n[1:0x1] 20 ms: Mark-Compact\n\nFATAL ERROR: heap\n----- Native stack trace -----`
    expect(lastLinesOf(dying)).toEqual(['working'])
    expect(howItEnded({ ...end, exitCode: 7, lastOutput: 'bye\n' }).trace).toEqual(['bye'])
  })

  it('tells log lines as plain messages with their facts, none of the host and none in half', () => {
    const always = {
      service: 'agent-x',
      sampling_rate: 0,
      taskId: 't',
      stepId: 'a',
      requestId: 'r',
      attempt: 1,
    }
    const log = (level: string, message: string, facts = {}) =>
      JSON.stringify({ level, message, timestamp: '2026-11-28T12:00:00.000Z', ...always, ...facts })
    const lines = [
      log('INFO', 'reading', { rows: 3, file: { key: 'a' } }),
      log('WARN', 'x'.repeat(5_000)),
      log('INFO', 'step ended', { agentId: 'x', status: 'succeeded' }),
      log('WARN', 'attempt repeated', { agentId: 'x', beganAt: '2026-11-28T11:59:00.000Z' }),
      'written by console.log',
      log('INFO', 'two\nlines'),
    ]
    const [first, second, ...others] = lastLinesOf(lines.join('\n'))
    expect(first).toBe('INFO  reading  rows=3  file={"key":"a"}')
    expect(second).toMatch(/^WARN {2}x+$/)
    expect(others).toEqual(['written by console.log', 'INFO  two␊lines'])
    const cut = Array.from({ length: 60 }, () => lines[0])
      .join('\n')
      .slice(-8_192)
    for (const line of lastLinesOf(cut)) expect(line).not.toContain('"timestamp"')
  })
})
