/**
 * The keys of an execution's journal.
 *
 * The place of a state is its position in its flow: `0`, `1`, ... An attempt of it is `0#0`; within an attempt,
 * `0#0.1/` begins the flow of the second branch of a Parallel, and `0#0.1` is the second item of a Map, whose flow
 * begins at `0#0.1/`. A key is a place and one mark that says what happened there. Journals are stored in files:
 * changing a mark would make older executions unreadable.
 */
const at =
  <Mark extends string>(mark: Mark) =>
  (place: string): `${string}${Mark}` =>
    `${place}${mark}`

/** Places. */
export const attemptAt = (place: string, attempt: number): string => `${place}#${attempt}`
export const branchAt = (place: string, index: number): string => `${place}.${index}/`
export const itemAt = (place: string, index: number): string => `${place}.${index}`
/** Where the flow of a Map's item begins. */
export const flowOf = (item: string): string => `${item}/`

/** A state was entered, was left, or was aborted because a sibling failed; an item of a Map too is aborted. */
export const entered = at('>')
export const left = at('<')
export const aborted = at('!')

/** A call was scheduled; a Parallel, a Map or an item of a Map was started. */
export const begun = at('+')
/** A scheduled call was started, and its request was accepted by the service. */
export const callStarted = at('.')
export const submitted = at('/')
/** How a call, a Parallel, a Map or an item of a Map ended. */
export const succeeded = at('=')
export const failed = at('x')

/** An expression in a field of a state could not be evaluated. */
export const evaluationFailed = (place: string, field = ''): string => `${place}?${field}`

/** The run of a distributed Map was started, succeeded, failed. */
export const mapRunStarted = at('m')
export const mapRunSucceeded = at('n')
export const mapRunFailed = at('y')

/** Notes of the engine, which are no events: when an attempt is retried, when a Wait is over. */
export const retryDue = at('r')
export const waitDue = at('w')

/** The redrives of an execution, counted from 0. */
export const redriveAt = (index: number): string => `redrive ${index}`

/** The marks that an attempt may have in the journal, from its start to its end. */
export const MARKS_OF_ATTEMPT = [begun, callStarted, submitted, succeeded, failed, mapRunFailed]

/** The place of the state that a key says was left; undefined for other keys. */
export const stateLeft = (key: string): string | undefined =>
  key.endsWith('<') ? key.slice(0, -1) : undefined

/** The states around a place, from the outermost in. */
export function* statesAround(place: string): Generator<string> {
  for (let cut = place.indexOf('#'); cut > 0; cut = place.indexOf('#', cut + 1)) yield place.slice(0, cut)
}
