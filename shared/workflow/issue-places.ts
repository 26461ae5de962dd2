import { type Issue, MOST_ISSUES } from '../domain/issue.ts'
import { placesIn } from './places-in-text.ts'

/** An issue about one character of a string, by its index in the string's value. */
export type IssueInText = Issue & { offset?: number | undefined }

/** The issues without offsets; those of a text with their places, up to the limit of a response. */
export function withPlaces(issues: readonly IssueInText[], source: unknown): Issue[] {
  const placeOf = typeof source === 'string' && issues.length > 0 ? placesIn(source) : undefined
  return issues.map(({ offset, ...one }, at) => ({
    ...one,
    ...(at < MOST_ISSUES ? placeOf?.(one.path, offset) : undefined),
  }))
}
