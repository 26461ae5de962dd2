/**
 * Size limits of error messages and lists. These come from agents, expressions and users, and are written to records, events, responses
 * and Lambda errors, each of which has a size limit: an oversized message would make the report of a failure fail itself.
 *
 * Invariants (tests cite them):
 * bounded/X1 a bounded text has at most the allowed number of UTF-16 units, is well-formed, and says how much was left out; its head and
 *    its tail are those of the text
 * bounded/X2 a bounded list keeps its first entries, and says how many more there were
 * bounded/X3 describing a thrown value never throws, for any value
 * bounded/X4 a value within its limits stays unchanged
 */
/** The limit of a message, a reason or a note, in UTF-16 units; in bytes it is at most three times as much. */
export const MOST_CHARACTERS = 2_000
/** The limit of the prompt that a person reads before deciding on an approval. */
export const MOST_PROMPT_CHARACTERS = 8_000
/** The limit of one entry in a list of reasons or issues. */
export const MOST_ENTRY_CHARACTERS = 500
/** The limit of an error's name; Step Functions accepts 256. */
export const MOST_NAME_CHARACTERS = 100
/** Room for the note between head and tail that says how much was left out. */
const WORDS = 60

/**
 * A text with at most `most` UTF-16 units (at least 100): its head and its tail, with the number of characters left out between them
 * (bounded/X1).
 */
export function boundedText(text: string, most = MOST_CHARACTERS): string {
  const whole = printable(
    text.length > 4 * most ? `${text.slice(0, 2 * most)}${text.slice(-2 * most)}` : text,
  )
  if (text.length <= most && whole.length <= most) return whole
  const room = most - WORDS
  const head = Math.ceil((room * 2) / 3)
  const tail = room - head
  const left = text.length - room
  return `${whole.slice(0, head)} ... [${left} characters left out] ... ${whole.slice(-tail)}`.toWellFormed()
}

/** Replaces control characters, which take six characters each in JSON and are invisible to readers, and lone surrogates. */
const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd').toWellFormed()

/** The first entries, and how many more there were (bounded/X2). */
export function boundedList<T>(list: readonly T[], most: number): { kept: T[]; more: number } {
  return { kept: list.slice(0, most), more: Math.max(0, list.length - most) }
}

/** A failure within the limits of a record. */
export function boundedFailure<T extends { name: string; message: string }>(failure: T): T {
  return {
    ...failure,
    name: boundedText(failure.name, MOST_NAME_CHARACTERS),
    message: boundedText(failure.message),
  }
}

/** The name and message of a thrown value of any type, including `undefined` and objects whose getters throw (bounded/X3); `mask` sees the whole texts. */
export function failureOf(
  thrown: unknown,
  mask: (text: string) => string = (text) => text,
): { name: string; message: string } {
  if (!isObject(thrown)) return { name: 'Error', message: boundedText(mask(textOf(thrown))) }
  const name = textAt(thrown, 'name') || 'Error'
  const message = textAt(thrown, 'message') ?? textOf(thrown)
  return boundedFailure({ name: mask(name), message: mask(message) })
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

/** The member as text; undefined when it is no text or its getter throws. */
function textAt(thrown: object, member: string): string | undefined {
  try {
    const text: unknown = Reflect.get(thrown, member)
    return typeof text === 'string' ? text : undefined
  } catch {
    return undefined
  }
}

/** A value as text, even when its `toString` throws. */
export function textOf(value: unknown): string {
  try {
    if (typeof value === 'string') return value
    if (isObject(value)) return jsonOf(value) ?? Object.prototype.toString.call(value)
    return String(value)
  } catch {
    return 'something that cannot be shown'
  }
}

function jsonOf(value: object): string | undefined {
  try {
    const own = String(value)
    if (!own.startsWith('[object ')) return own
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
