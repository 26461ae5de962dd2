import type { IssueInText } from '../issue-places.ts'
import type { StepKind, StepOf } from '../schema.ts'
import type { Catalogue } from '../types/catalogue.ts'
import type { Type } from '../types/type.ts'

/**
 * The rules of the language for one kind of step, in addition to its schema. A kind that lacks one of them does not
 * compile.
 */
export type KindOfStep<Kind extends StepKind = StepKind> = {
  /** The word for the kind in messages. */
  readonly word: string
  /** What a step of the kind is, in a title and in a sentence or two, for editors and for the reference. */
  readonly title: string
  readonly description: string
  /** The fields whose expressions are evaluated, besides those that every step has. */
  readonly evaluated: readonly string[]
  /** The fields that take values of any type, by path. */
  valuesOf(step: StepOf<Kind>): Readonly<Record<string, unknown>>
  /** The fields whose values have one type. */
  typedIn(step: StepOf<Kind>): readonly TypedField[]
  /**
   * The types that the step's agent or child workflow accepts as input; one of them must fit. Empty when they are not
   * known.
   */
  inputsOf(step: StepOf<Kind>, catalogue: Catalogue): readonly TakenInput[]
  /** The type of the output of the step; of a fan-out, that of one item. */
  outputOf(step: StepOf<Kind>, typing: Typing): Type
  /** Issues of literal values that a schema cannot express; `path` is the path of the step. */
  issuesOf(step: StepOf<Kind>, path: string): readonly IssueInText[]
}

export type TypedField = {
  /** The path of the field in the step. */
  field: string
  value: unknown
  wanted: Type
  /** What would be right, for the message. */
  right: string
}

export type TakenInput = {
  type: Type
  /** The receiver of the input, for the message. */
  what: string
}

/** The context from which the output type of a step is inferred. */
export type Typing = {
  catalogue: Catalogue
  /** The type of a value with expressions in the scope of the step. */
  typeOf(template: unknown): Type
  /** The type of a value with expressions after the steps of the body; of the last steps' outputs by id when it is undefined. */
  typeAfterBody(template: unknown): Type
  /** The output of a child workflow, `name` or `name@version`. */
  outputOfWorkflow(name: string): Type
}
