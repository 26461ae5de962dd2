import { type Issue, MOST_ISSUES } from '../domain/issue.ts'
import { placesIn } from './places-in-text.ts'
import type { Workflow } from './schema.ts'

/** An issue about one character of a string, by its index in the string's value. */
export type IssueInText = Issue & { offset?: number | undefined }

/** The texts that workflows were parsed from, for issues that are found later: by the compiler, or in the choice of agents. */
const texts = new WeakMap<Workflow, string>()

export function parsedFrom(workflow: Workflow, source: unknown): Workflow {
  if (typeof source === 'string') texts.set(workflow, source)
  return workflow
}

/** The issues of a workflow with their places in the text that it was parsed from; without places if it was parsed from a value. */
export const placedIn = (workflow: Workflow, issues: readonly Issue[]): Issue[] =>
  withPlaces(issues, texts.get(workflow))

/** The issues without offsets; those of a text with their places, up to the limit of a response. */
export function withPlaces(issues: readonly IssueInText[], source: unknown): Issue[] {
  const placeOf = typeof source === 'string' && issues.length > 0 ? placesIn(source) : undefined
  return issues.map(({ offset, ...one }, at) => ({
    ...one,
    ...(at < MOST_ISSUES ? placeOf?.(one.path, offset) : undefined),
  }))
}
