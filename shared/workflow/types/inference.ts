import type { IssueCode } from '../../domain/issue-codes.ts'
import type { Node } from '../parse-expression.ts'
import { ANY, NOTHING, objectOf, type Type } from './type.ts'

/** A problem of an expression that occurs with every possible value of its variables (types/Q2). */
export type Complaint = {
  code: IssueCode
  message: string
  /** The index of the character in the expression; absent for its beginning. */
  at?: number
}

/** The variables in scope of a part of an expression: those of its block or function, and of the enclosing ones. */
export type Frame = {
  /** Undefined for a name that is not bound. */
  lookup(name: string): Type | undefined
  bind(name: string, type: Type): void
}

/** State that all parts of one inference share. */
export type Inference = {
  complain(complaint: Complaint): void
  /** Whether the maximum number of complaints has been reached. */
  isFull(): boolean
  /** False when the expression has used up its budget of inferences (types/Q5). */
  goOn(): boolean
  /** Names that are bound more than once: their type would depend on the order of evaluation, so it is `any`. */
  unsure: ReadonlySet<string>
  depth: number
}

/** The surroundings of a node; `context` is the type of `$` there. */
export type Place = { context: Type; frame: Frame; run: Inference }

export type Infer = (node: Node, place: Place) => Type

/** The context at the top of an expression, where `$` and a name without a variable refer to nothing. */
export const NO_CONTEXT: Type = objectOf({})

export function frameIn(
  around: Pick<Frame, 'lookup'> | undefined,
  { unsure }: Pick<Inference, 'unsure'>,
): Frame {
  const own = new Map<string, Type>()
  return {
    lookup: (name) => own.get(name) ?? around?.lookup(name),
    bind: (name, type) => own.set(name, unsure.has(name) ? ANY : type),
  }
}

/** The frame of one call of a function, with its parameters bound to the argument types. */
export function frameOfCall(
  around: Frame,
  run: Inference,
  parameters: readonly string[],
  args: readonly Type[],
): Frame {
  const own = new Map(
    parameters.map((name, at) => [name, run.unsure.has(name) ? ANY : (args[at] ?? NOTHING)]),
  )
  const frame = frameIn({ lookup: (name) => own.get(name) ?? around.lookup(name) }, run)
  return frame
}
