/**
 * The one known name that an unknown name can mean. A wrong one runs what was not asked for, so each rule is narrow, and a name that fits two
 * known ones by a rule is not understood by it.
 *
 * Invariants (tests cite them):
 * understand-name/N1 a name is understood only where exactly one known name fits its rule
 * understand-name/N2 no rule goes by a likeness of letters beyond a slip: `Video Splicer` is never `Audio Splicer`, nor `archive` `achieve`
 * understand-name/N3 what is understood by fewer or other words is marked as guessed
 */
import { nearestNames } from '../domain/nearest-names.ts'

export type Known = { name: string; description?: string }

export type Understood = { name: string; why: string; guessed?: true }

export function understandName(given: string, known: readonly Known[]): Understood | undefined {
  const names = known.map(({ name }) => name)
  const own = wordsOf(given)
  if (own.length === 0 || given.length > MOST_NAME) return undefined
  const same = only(names.filter((name) => joined(wordsOf(name)) === joined(own)))
  if (same !== undefined) return { name: same, why: 'the same words' }
  const slip = slipOf(given, names)
  if (slip !== undefined) return { name: slip, why: 'a slip of the finger' }
  const outside = given.replaceAll(/\([^()]*\)/g, ' ').trim()
  if (outside !== given.trim() && outside !== '') {
    const found = understandName(outside, known)
    if (found) return { name: found.name, why: `${found.why}, without what is in brackets`, guessed: true }
  }
  return byStems(given, names) ?? byDescription(given, known)
}

/** A name of a capability has at most 64 characters. */
const MOST_NAME = 100

const only = (found: readonly string[]): string | undefined =>
  new Set(found).size === 1 ? found[0] : undefined

/** `GetMovieCredit`, `get_movie_credit` and `get movie credit` have the same words. */
const wordsOf = (name: string): string[] =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)

const joined = (words: readonly string[]): string => words.join('')

/** One wrong, missing or doubled letter, in a name that is long enough to say so; a digit is never a slip. */
function slipOf(given: string, names: readonly string[]): string | undefined {
  const near = nearestNames(
    joined(wordsOf(given)),
    names.map((name) => joined(wordsOf(name))),
  )
  const found = only(near)
  if (found === undefined || !isSlip(joined(wordsOf(given)), found)) return undefined
  return only(names.filter((name) => joined(wordsOf(name)) === found))
}

const LEAST_LETTERS = 6

/** Whether two texts are equal but for one place: a letter more, less or other, or two that are swapped. */
export function isSlip(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < LEAST_LETTERS || Math.abs(a.length - b.length) > 1) return false
  let head = 0
  while (head < Math.min(a.length, b.length) && a[head] === b[head]) head++
  let tail = 0
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  const [left, right] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)]
  if (/\d/.test(left + right)) return false
  const isSwap = left.length === 2 && right === `${left[1]}${left[0]}`
  return isSwap || Math.max(left.length, right.length) <= 1
}

/** Words and marks that turn what is meant, or join two things: with one of them, the other words are not the whole of it. */
const TURNING = /^(?:and|or|not|no|non|without|except|un|undo|anti|all|every|to|from|into)$/
const JOINING = /[/&+,;|]/

/**
 * By the stems of words: `Text Summarizer` is `Text Summarization`. A name that ends with all words of one known name, or with which one known
 * name ends, is a guess: the last word says what is done, those before it narrow it.
 */
function byStems(given: string, names: readonly string[]): Understood | undefined {
  const own = stemsOf(given)
  const each = names.map((name) => ({ name, stems: stemsOf(name) }))
  const same = only(each.filter(({ stems }) => stems.join(' ') === own.join(' ')).map(({ name }) => name))
  if (same !== undefined) return { name: same, why: 'the same words in other forms' }
  if (JOINING.test(given)) return undefined
  const shorter = each.filter(({ stems }) => endsWith(own, stems) && !isTurned(own, stems))
  const longer = each.filter(({ stems }) => own.length > 1 && endsWith(stems, own) && !isTurned(stems, own))
  const longest = Math.max(...shorter.map(({ stems }) => stems.length))
  const found = only(
    [...shorter.filter(({ stems }) => stems.length === longest), ...longer].map(({ name }) => name),
  )
  return found === undefined ? undefined : { name: found, why: 'the words that it ends with', guessed: true }
}

const endsWith = (words: readonly string[], end: readonly string[]): boolean =>
  end.length < words.length && end.every((word, at) => word === words[words.length - end.length + at])

/** Whether what stands before the common end turns its meaning. */
const isTurned = (longer: readonly string[], end: readonly string[]): boolean =>
  longer.slice(0, longer.length - end.length).some((word) => TURNING.test(word))

const stemsOf = (name: string): string[] => wordsOf(name).map(stemOf)

const ENDINGS =
  /(?:izations?|isations?|izers?|isers?|izing|ising|ize|ise|ations?|ators?|ating|ates?|ings?|ers?|ors?|ions?|ed|es|s|e)$/

/** The stem of a word: endings that make verbs and nouns of the same word are left out. */
const stemOf = (word: string): string => {
  const stem = word.replace(ENDINGS, '')
  return stem.length >= 4 ? stem.replace(/(.)\1$/, '$1') : word
}

/**
 * By the description of exactly one capability: it has these words side by side, as `Token Classification` is said to be `Named Entity
 * Recognition`; an abbreviation of words side by side; or, with the capability's own name before them, these words in this order, where no
 * other has them in any order. A sentence that denies something tells nothing.
 */
function byDescription(given: string, known: readonly Known[]): Understood | undefined {
  const own = stemsOf(given)
  if (JOINING.test(given) || wordsOf(given).some((word) => TURNING.test(word))) return undefined
  const told = known.flatMap(({ name, description = '' }) =>
    sentencesOf(description).map((sentence) => ({
      name,
      all: [...stemsOf(name), ...stemsOf(sentence)],
      sentence,
    })),
  )
  const named = (holds: (one: (typeof told)[number]) => boolean): string | undefined =>
    only(told.filter(holds).map(({ name }) => name))
  const because = (name: string | undefined, why: string): Understood | undefined =>
    name === undefined ? undefined : { name, why, guessed: true }
  if (/^[A-Z]{2,6}$/.test(given))
    return because(
      named(({ sentence }) => abbreviates(given, wordsOf(sentence))),
      'an abbreviation in its description alone',
    )
  if (own.length < 2 || own.some((stem) => stem.length < LEAST_STEM)) return undefined
  const phrase = named(({ sentence }) => ` ${stemsOf(sentence).join(' ')} `.includes(` ${own.join(' ')} `))
  if (phrase !== undefined) return because(phrase, 'its description alone names it')
  if (!ACT.test(wordsOf(given).at(-1) ?? '')) return undefined
  const any = named(({ all }) => own.every((stem) => all.includes(stem)))
  const ordered = named(({ name, all }) => name === any && isInOrder(own, all))
  return because(ordered, 'its description alone has these words')
}

const LEAST_STEM = 4
/** A last word that says what is done: `extractor`, `generation`, `enhancement`. */
const ACT = /(?:ing|ment|[st]ion|[eo]r|sis)$/

const sentencesOf = (text: string): string[] =>
  text.split(/[.;!?](?:\s|$)/).filter((sentence) => sentence !== '' && !DENYING.test(sentence))

const DENYING = /\b(?:not|no|never|without|except|cannot|instead|unlike)\b|n't\b/i

/** `OCR`, of `optical character recognition`. */
function abbreviates(letters: string, words: readonly string[]): boolean {
  const initials = words.map((word) => word[0]).join('')
  return initials.includes(letters.toLowerCase())
}

function isInOrder(wanted: readonly string[], words: readonly string[]): boolean {
  let from = 0
  for (const word of wanted) {
    const at = words.indexOf(word, from)
    if (at < 0) return false
    from = at + 1
  }
  return true
}
