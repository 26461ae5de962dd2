import { EVENT_TYPE, RIGHT_EVENT_TYPE } from '../domain/event.ts'
import { type Issue, issue } from '../domain/issue.ts'
import { isJsonObject } from '../domain/json.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { cut, shown } from '../domain/shown.ts'
import { parseTime, RIGHT_TIME } from '../domain/times.ts'
import { expressionIn, hasExpressions } from './expressions.ts'
import type { IssueInText } from './issue-places.ts'
import {
  DEFAULT_CHOICES,
  type FanOutKind,
  isEach,
  isFanOut,
  type Step,
  type StepKind,
  type StepOf,
  stepKind,
  stepSchemaFor,
} from './schema.ts'
import { byKind } from './step-kinds.ts'
import { expressionsOfStep } from './step-needs.ts'
import { describeUnclosed, splitText } from './text-parts.ts'

const MAX_SHARE = 100
/** Limits of the choices of an approval, from the API's requests and the event's size. */
const [MOST_CHOICES, MOST_CHOICE_CHARACTERS] = [50, 200]

/** Issues of literal values that can never work. */
export function issuesOfLiterals(step: Step, path: string): IssueInText[] {
  // The `output` of an item is checked together with the steps of the body.
  const own = isEach(step) ? { ...step, output: undefined } : step
  return [...issuesOfTexts(own, path), ...issuesOfUnevaluated(step, path), ...issuesOfKind(step, path)]
}

/** Issues of texts in which an expression is not closed. */
export function issuesOfTexts(value: unknown, path: string): IssueInText[] {
  if (typeof value === 'string') {
    const split = splitText(value)
    if (!('unclosed' in split)) return []
    const message = describeUnclosed(value, split.unclosed)
    return [{ ...issue('unclosed-expression', path, message), offset: split.unclosed.offset }]
  }
  if (Array.isArray(value)) return value.flatMap((one, at) => issuesOfTexts(one, `${path}[${at}]`))
  if (!isJsonObject(value)) return []
  // The steps of a body are checked separately; descriptions are free text.
  return Object.entries(value)
    .filter(([key]) => key !== 'steps' && key !== 'description')
    .flatMap(([key, one]) => issuesOfTexts(one, `${path}.${key}`))
}

const OF_EVERY_STEP = ['when', 'onFailure.output']
/** The fields whose expressions are evaluated, by the kind of the step. */
const EVALUATED: Readonly<Record<StepKind, readonly string[]>> = {
  agent: ['input', 'forEach'],
  repeat: ['repeat.until', 'repeat.output'],
  steps: ['forEach', 'output'],
  approval: ['approval.prompt'],
  wait: ['wait.seconds', 'wait.until'],
  workflow: ['input', 'forEach'],
  emit: ['emit.type', 'emit.data'],
}

/** Issues of expressions in fields that are used as they are written. */
function issuesOfUnevaluated(step: Step, path: string): IssueInText[] {
  const evaluated = [...EVALUATED[stepKind(step)], ...OF_EVERY_STEP]
  const isEvaluated = (field: string): boolean =>
    evaluated.some((one) => field === one || field.startsWith(`${one}.`) || field.startsWith(`${one}[`))
  // Fields that such a step does not have are reported elsewhere.
  const isField = (field: string): boolean =>
    Object.hasOwn(stepSchemaFor(step).shape, /^\w*/.exec(field)?.[0] ?? '')
  return expressionsOfStep(step)
    .filter((found) => isField(found.path) && !isEvaluated(found.path))
    .map(({ path: field, text, offset }) => {
      const message = `{% ${cut(text)} %} is not evaluated here; in such a step expressions are evaluated in ${evaluated.join(', ')}`
      return { ...issue('expression-not-evaluated', `${path}.${field}`, message), offset }
    })
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
    if (hasExpressions(wait.until) || parseTime(wait.until) !== undefined) return []
    const message = `until is ${shown(wait.until)}, which is no time; ${RIGHT_TIME}; or write {% ... %}`
    return [issue('invalid-value', `${path}.until`, message)]
  }
  const { seconds } = wait
  if (expressionIn(seconds) !== undefined || (typeof seconds === 'number' && seconds >= 0)) return []
  const message = `seconds is ${shown(seconds)}; it must be a number of at least 0, or {% ... %}`
  return [issue('invalid-value', `${path}.seconds`, message)]
}

function issuesOfEmit(type: string, path: string): Issue[] {
  if (hasExpressions(type) || EVENT_TYPE.test(type)) return []
  const message = `type is ${shown(type)}; ${RIGHT_EVENT_TYPE}`
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
