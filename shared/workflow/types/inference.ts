import type { IssueCode } from '../../domain/issue-codes.ts'
import type { Node } from '../parse-expression.ts'
import { ANY, NOTHING, objectOf, type Type } from './type.ts'

/** Something in an expression that holds for every value it may meet (types/Q2). */
export type Complaint = {
  code: IssueCode
  message: string
  /** Where in the expression, by the index of the character; its beginning where this is not said. */
  at?: number
}

/** The variables of a part of an expression: those of its block or function, and of what is around it. */
export type Frame = {
  /** Undefined for a name that is not bound. */
  lookup(name: string): Type | undefined
  bind(name: string, type: Type): void
}

/** One inference: what its parts share. */
export type Inference = {
  complain(complaint: Complaint): void
  /** Whether there are so many complaints that no more are wanted. */
  isFull(): boolean
  /** False when the expression has used up its inferences (types/Q5). */
  goOn(): boolean
  /** Names that are bound more than once, so that their type depends on the order of evaluation. */
  unsure: ReadonlySet<string>
  depth: number
}

/** Where a node stands: `context` is what `$` means there. */
export type Place = { context: Type; frame: Frame; run: Inference }

export type Infer = (node: Node, place: Place) => Type

/** What `$` and names without a variable before them refer to at the top of a workflow's expression. */
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

/** A parameter is bound anew in each call, so it is known even when its name is used twice. */
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
