import { type Issue, issue } from '../../domain/issue.ts'
import { shown } from '../../domain/shown.ts'
import { parseTime, RIGHT_TIME } from '../../domain/times.ts'
import { expressionIn, hasExpressions } from '../expressions.ts'
import { NOTHING, NUMBER, STRING } from '../types/type.ts'
import type { KindOfStep } from './kind-of-step.ts'

export const wait: KindOfStep<'wait'> = {
  word: 'wait',
  title: 'Waiting',
  description: 'It waits for a time, without cost.',
  evaluated: ['wait.seconds', 'wait.until'],
  valuesOf: () => ({}),
  typedIn: (step) =>
    'until' in step.wait
      ? [{ field: 'wait.until', value: step.wait.until, wanted: STRING, right: 'a time is text' }]
      : [{ field: 'wait.seconds', value: step.wait.seconds, wanted: NUMBER, right: 'seconds are a number' }],
  inputsOf: () => [],
  outputOf: () => NOTHING,
  issuesOf: (step, path) => issuesOfWait(step.wait, `${path}.wait`),
}

function issuesOfWait(said: { seconds: number | string } | { until: string }, path: string): Issue[] {
  if ('until' in said) {
    if (hasExpressions(said.until) || parseTime(said.until) !== undefined) return []
    const message = `until is ${shown(said.until)}, which is no time; ${RIGHT_TIME}; or write {% ... %}`
    return [issue('invalid-value', `${path}.until`, message)]
  }
  const { seconds } = said
  if (expressionIn(seconds) !== undefined || (typeof seconds === 'number' && seconds >= 0)) return []
  const message = `seconds is ${shown(seconds)}; it must be a number of at least 0, or {% ... %}`
  return [issue('invalid-value', `${path}.seconds`, message)]
}
