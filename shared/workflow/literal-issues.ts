import { type Issue, issue } from '../domain/issue.ts'
import { isJsonObject } from '../domain/json.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { shown } from '../domain/shown.ts'
import { parseTime, RIGHT_TIME } from '../domain/times.ts'
import { expressionIn } from './expressions.ts'
import { DEFAULT_CHOICES, type FanOutKind, isEach, isFanOut, type Step, type StepOf } from './schema.ts'
import { byKind } from './step-kinds.ts'

const MAX_SHARE = 100
/** Limits of the choices of an approval, from the API's requests and the event's size. */
const [MOST_CHOICES, MOST_CHOICE_CHARACTERS] = [50, 200]
const EVENT_TYPE = /^[A-Za-z0-9][\w.-]{0,99}$/

/** Issues of literal values that can never work. */
export function issuesOfLiterals(step: Step, path: string): Issue[] {
  // The `output` of an item is checked together with the steps of the body.
  const own = isEach(step) ? { ...step, output: undefined } : step
  return [...issuesOfMixedText(own, path), ...issuesOfKind(step, path)]
}

/** Text around an expression would make all of it literal text, which is always a mistake. */
export function issuesOfMixedText(value: unknown, path: string): Issue[] {
  if (typeof value === 'string') {
    const inner = expressionIn(value) ?? value
    if (!inner.includes('{%') && !inner.includes('%}')) return []
    const message = `${shown(value)} mixes text with expressions; a value is one or the other: "{% 'text ' & $input.x & ' text' %}"`
    return [issue('mixed-text', path, message)]
  }
  if (Array.isArray(value)) return value.flatMap((one, at) => issuesOfMixedText(one, `${path}[${at}]`))
  if (!isJsonObject(value)) return []
  // The steps of a body are checked separately; descriptions are free text.
  return Object.entries(value)
    .filter(([key]) => key !== 'steps' && key !== 'description')
    .flatMap(([key, one]) => issuesOfMixedText(one, `${path}.${key}`))
}

function issuesOfKind(step: Step, path: string): Issue[] {
  const ofItems = (one: StepOf<FanOutKind>): Issue[] => issuesOfItems(one, path)
  return byKind(step, {
    agent: ofItems,
    repeat: () => [],
    steps: ofItems,
    approval: ({ approval }) => issuesOfApproval(approval, `${path}.approval`),
    wait: ({ wait }) => issuesOfWait(wait, `${path}.wait`),
    workflow: ofItems,
    emit: ({ emit }) => issuesOfEmit(emit.type, `${path}.emit.type`),
  })
}

/** Issues of fields about items, including fields without a list. */
function issuesOfItems(step: StepOf<FanOutKind>, path: string): Issue[] {
  if (!isFanOut(step)) {
    return (['maxItems', 'maxConcurrency', 'tolerate'] as const)
      .filter((field) => step[field] !== undefined)
      .map((field) =>
        issue(
          'without-for-each',
          `${path}.${field}`,
          `${field} is ${shown(step[field])}; it says nothing without forEach`,
        ),
      )
  }
  const issues: Issue[] = []
  if (expressionIn(step.forEach) === undefined) {
    const message = `forEach is ${shown(step.forEach)}; a list to go through is written "{% ... %}"`
    issues.push(issue('not-an-expression', `${path}.forEach`, message))
  }
  if (typeof step.tolerate === 'string' && Number.parseInt(step.tolerate, 10) > MAX_SHARE) {
    issues.push(
      issue(
        'invalid-value',
        `${path}.tolerate`,
        `tolerate is ${shown(step.tolerate)}, more than all of them; it must be at most 100%`,
      ),
    )
  }
  return issues
}

function issuesOfWait(wait: { seconds: number | string } | { until: string }, path: string): Issue[] {
  if ('until' in wait) {
    if (expressionIn(wait.until) !== undefined || parseTime(wait.until) !== undefined) return []
    const message = `until is ${shown(wait.until)}, which is no time; ${RIGHT_TIME}; or write {% ... %}`
    return [issue('invalid-value', `${path}.until`, message)]
  }
  const { seconds } = wait
  if (expressionIn(seconds) !== undefined || (typeof seconds === 'number' && seconds >= 0)) return []
  const message = `seconds is ${shown(seconds)}; it must be a number of at least 0, or {% ... %}`
  return [issue('invalid-value', `${path}.seconds`, message)]
}

function issuesOfEmit(type: string, path: string): Issue[] {
  if (expressionIn(type) !== undefined || EVENT_TYPE.test(type)) return []
  const message = `type is ${shown(type)}; the type of an event is letters, digits, . _ and -, such as report.ready`
  return [issue('invalid-value', path, message)]
}

function issuesOfApproval(
  { choices, onTimeout }: { choices?: string[] | undefined; onTimeout?: string | undefined },
  path: string,
): Issue[] {
  const issues: Issue[] = []
  if (choices && (choices.length === 0 || new Set(choices).size < choices.length)) {
    const message = `choices is ${shown(choices)}; give at least one choice, and each once`
    issues.push(issue('invalid-value', `${path}.choices`, message))
  }
  const unfit = choices?.find((choice) => choice === '' || choice.length > MOST_CHOICE_CHARACTERS)
  if (unfit !== undefined || (choices && choices.length > MOST_CHOICES)) {
    const message = `choices is ${shown(choices)}; an answer names one of at most ${MOST_CHOICES}, each of 1 to ${MOST_CHOICE_CHARACTERS} characters`
    issues.push(issue('invalid-value', `${path}.choices`, message))
  }
  const known = choices ?? DEFAULT_CHOICES
  if (onTimeout !== undefined && !known.includes(onTimeout)) {
    const message = `onTimeout is ${shown(onTimeout)}, which is none of the choices${suggestNames(onTimeout, known)}`
    issues.push(issue('invalid-value', `${path}.onTimeout`, message))
  }
  return issues
}
