/**
 * Decisions by the kind of a step. Each lists every kind, so that a new kind in the schemas causes a compile error wherever a decision is
 * missing.
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

/** A function for each kind, which gets a step of that kind. */
export type ByKind<Result, Kind extends StepKind = StepKind> = {
  readonly [One in Kind]: (step: StepOf<One>) => Result
}

export function byKind<Result>(step: Step, answers: ByKind<Result>): Result {
  const answer = answers[stepKind(step)] as (step: Step) => Result
  return answer(step)
}

/** The same for the kinds that can be a fan-out. */
export function byFanOutKind<Result>(step: FanOut, answers: ByKind<Result, FanOutKind>): Result {
  const answer = answers[stepKind(step) as FanOutKind] as (step: FanOut) => Result
  return answer(step)
}

/** The word for a kind of step in messages. */
export const WORD_OF_KIND: Readonly<Record<StepKind, string>> = {
  agent: 'agent',
  repeat: 'loop',
  steps: 'for each',
  approval: 'approval',
  wait: 'wait',
  workflow: 'child workflow',
  emit: 'event',
}

/** The nested graph of a loop or of a fan-out with steps. */
export type Body = {
  steps: Steps
  /** The path of the body below the step. */
  path: string
  /** Additional variables of the expressions in the body. */
  variables: readonly string[]
  /** The step with a different body. */
  with(steps: Record<string, Step>): Step
}

const none = () => undefined

/** Undefined for a step without a body. */
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
