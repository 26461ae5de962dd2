/**
 * What differs by the kind of a step. Each decision names every kind: a kind that is added to the schemas does not
 * compile until each of them has an answer for it.
 */
import {
  type FanOut,
  type FanOutKind,
  type Step,
  type StepKind,
  type StepOf,
  type Steps,
  stepKind,
} from './schema.ts'

/** One answer for each kind, from a step of that kind. */
export type ByKind<Result, Kind extends StepKind = StepKind> = {
  readonly [One in Kind]: (step: StepOf<One>) => Result
}

export function byKind<Result>(step: Step, answers: ByKind<Result>): Result {
  const answer = answers[stepKind(step)] as (step: Step) => Result
  return answer(step)
}

/** The same among the kinds that can go through a list. */
export function byFanOutKind<Result>(step: FanOut, answers: ByKind<Result, FanOutKind>): Result {
  const answer = answers[stepKind(step) as FanOutKind] as (step: FanOut) => Result
  return answer(step)
}

/** What people call a step of a kind. */
export const WORD_OF_KIND: Readonly<Record<StepKind, string>> = {
  agent: 'agent',
  repeat: 'loop',
  steps: 'for each',
  approval: 'approval',
  wait: 'wait',
  workflow: 'child workflow',
  emit: 'event',
}

/** The graph of its own that a loop, or a fan-out over steps, has inside. */
export type Body = {
  steps: Steps
  /** Where it is written, below the step. */
  path: string
  /** Variables that its expressions see besides those around it. */
  variables: readonly string[]
  /** The step with other steps inside. */
  with(steps: Record<string, Step>): Step
}

const none = () => undefined

/** Undefined for a step that has no steps inside. */
export function bodyIn(step: Step): Body | undefined {
  return byKind<Body | undefined>(step, {
    agent: none,
    repeat: (loop) => ({
      steps: loop.repeat.steps,
      path: 'repeat.steps',
      variables: ['iteration', 'previous'],
      with: (steps) => ({ ...loop, repeat: { ...loop.repeat, steps } }),
    }),
    steps: (each) => ({
      steps: each.steps,
      path: 'steps',
      variables: ['item', 'index'],
      with: (steps) => ({ ...each, steps }),
    }),
    approval: none,
    wait: none,
    workflow: none,
    emit: none,
  })
}

export const bodyOf = (step: Step): Steps | undefined => bodyIn(step)?.steps

/** The child workflow that a step calls, `name` or `name@version`; undefined for a step that calls none. */
export function workflowCalledBy(step: Step): string | undefined {
  return byKind<string | undefined>(step, {
    agent: none,
    repeat: none,
    steps: none,
    approval: none,
    wait: none,
    workflow: (child) => child.workflow,
    emit: none,
  })
}
