/**
 * Decisions by the kind of a step. Each lists every kind, or every kind that has the field which it is about, so that a new kind in the
 * schemas causes a compile error wherever a decision is missing. What the language says about a kind is in kinds/.
 */
import { type Loop, loopOfConversation } from './conversation.ts'
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

/** The same for some kinds; undefined for a step of another kind. */
function bySomeKinds<Result, Kind extends StepKind>(
  step: Step,
  answers: ByKind<Result, Kind>,
): Result | undefined {
  const some: Partial<Record<StepKind, unknown>> = answers
  const answer = some[stepKind(step)] as ((step: Step) => Result) | undefined
  return answer?.(step)
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

/** The kinds that have a field of this name, in the step itself or in its marking field. */
type KindWith<Field extends string> = {
  [Kind in StepKind]: Field extends FieldsOf<StepOf<Kind>> | FieldsIn<StepOf<Kind>, Kind> ? Kind : never
}[StepKind]
type FieldsIn<Of, Field> = Field extends keyof Of ? FieldsOf<Of[Field]> : never
/** Steps by id have no fields. */
type FieldsOf<Of> = Of extends unknown ? (string extends keyof Of ? never : keyof Of) : never

const BODIES: ByKind<Body, KindWith<'steps'> | 'converse'> = {
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
  converse: (conversation) => ({
    steps: loopOfConversation(conversation).steps,
    path: 'converse',
    variables: ['iteration', 'previous', 'asked'],
    // Its steps follow from its fields.
    with: () => conversation,
  }),
}

/** The loop that a step runs; undefined for a step that is none. */
export const loopIn = (step: Step): Loop | undefined =>
  bySomeKinds(step, { repeat: ({ repeat }: StepOf<'repeat'>): Loop => repeat, converse: loopOfConversation })

/** Whether the steps of a body are made from the fields of the step that has it, so that no author has written them. */
export const hasMadeBody = (step: Step): boolean => stepKind(step) === 'converse'

/** Undefined for a step without a body. */
export const bodyIn = (step: Step): Body | undefined => bySomeKinds(step, BODIES)

export const bodyOf = (step: Step): Steps | undefined => bodyIn(step)?.steps

const CALLED: ByKind<string, KindWith<'workflow'>> = { workflow: (child) => child.workflow }

/** The child workflow that a step names, `name` or `name@version`; undefined for a step that names none. */
export function workflowCalledBy(step: Step): string | undefined {
  const called = bySomeKinds(step, CALLED)
  return called === undefined || isComputed(called) ? undefined : called
}

/** The expression whose value is the workflow that a step runs as its child; undefined for every other step. */
export function workflowComputedBy(step: Step): string | undefined {
  const called = bySomeKinds(step, CALLED)
  return called !== undefined && isComputed(called) ? called : undefined
}

/** No name has an expression's bracket. */
const isComputed = (called: string): boolean => called.includes('{%')
