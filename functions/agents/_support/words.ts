/**
 * Words of any language. Text is compared in Unicode's compatibility form (NFKC) without case, so that composed and decomposed letters, ligatures
 * and full-width forms are one; scripts that put no space between words are segmented by ICU's dictionaries.
 *
 * Invariants (tests cite them):
 * words/W1 a text and its decomposed, upper-case or full-width form have the same words
 * words/W2 a document has every word of each of its own segments: a search for a segment finds the document
 */
const ENGLISH_STOP_WORDS =
  'a about after all also an and any are as at be been before but by can could did do does each for from had has have he her ' +
  'here his how i if in into is it its just like may me more most much must my new no not now of on one only or other our out ' +
  'over same should so some such than that the their them then there these they this those through to too under up use used ' +
  'using very was we were what when where which while who why will with would you your via per'
/** Stop words of other languages. */
const OTHER_STOP_WORDS =
  'の は が を に で と も へ や か から まで です ます する した して れる いる ある この その 的 了 是 在 和 与 不 有 这 那 也 就 都 而 及 吗 呢 ' +
  'ที่ และ ของ ใน การ เป็น ได้ ให้ มี ไม่ จะ ว่า กับ หรือ ก็ แต่ ไป มา อยู่ นี้ นั้น'
const STOP_WORDS = new Set(`${ENGLISH_STOP_WORDS} ${OTHER_STOP_WORDS}`.split(' '))

/** Scripts without spaces between words. */
const UNSPACED =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u
const HAN = /\p{Script=Han}/gu
const HAN_RUN = /\p{Script=Han}{2,}/gu
/** A number with its points ("3.10"), or letters and digits in a row with their marks. */
const RUN = /\p{N}+(?:[.,]\p{N}+){1,5}(?![\p{L}\p{M}])|[\p{L}\p{M}\p{N}]+/gu
const segmenter = new Intl.Segmenter('en', { granularity: 'word' })

/** Plural and singular as one (Harman's S-stemmer, 1991): `retries` and `retry`, `queues` and `queue`. */
export function stem(word: string): string {
  if (/[^ae]ies$/.test(word)) return `${word.slice(0, -3)}y`
  if (/[^aeo]es$/.test(word)) return word.slice(0, -1)
  return /[^us]s$/.test(word) ? word.slice(0, -1) : word
}

/** The content words of a text (no stop words), folded, in order, with repeats. */
export function contentWords(text: string): string[] {
  return runsOf(text).flatMap(wordsOf).filter(carriesMeaning)
}

/** The index terms of a document: all its words, the words inside compound words, its Han characters and their pairs; stemmed. */
export function documentTerms(text: string): string[] {
  return runsOf(text).flatMap((run) => {
    if (!UNSPACED.test(run)) return wordsOf(run).map(stem)
    // A word may be segmented differently when it stands alone (words/W2).
    const words = segmentsOf(run).flatMap((word) => [word, ...segmentsInside(word)])
    return [...new Set([...words, ...(run.match(HAN) ?? []), ...hanPairsOf(run)])]
  })
}

/** The search terms of a question: its content words, or all its words if it has none. */
export function questionTerms(text: string): string[] {
  const words = runsOf(text).flatMap((run) => {
    const pairs = hanPairsOf(run)
    // A single character out of several is too unspecific to search for.
    return [
      ...wordsOf(run).filter((word) => !pairs.some((pair) => pair.includes(word) && pair !== word)),
      ...pairs,
    ]
  })
  const telling = words.filter(carriesMeaning)
  return (telling.length > 0 ? telling : words).map(stem)
}

/** The canonical form (NFKC, lower case) of a text, so that texts that read the same are equal. */
export function folded(text: string): string {
  const plain = text.normalize('NFKC').replace(INVISIBLE, '').toUpperCase().toLowerCase()
  return plain.replaceAll('ς', 'σ').normalize('NFKC')
}

/** The soft hyphen and joiners within words. The zero-width space is not among them: it separates words. */
const INVISIBLE = /\u00AD|\u200C|\u200D|\u2060|\uFEFF/g

/** A single letter or digit is no content word; a single character of an unspaced script may be one. */
function carriesMeaning(word: string): boolean {
  return !STOP_WORDS.has(word) && (word.length > 1 || UNSPACED.test(word))
}

function runsOf(text: string): string[] {
  return folded(text).match(RUN) ?? []
}

function wordsOf(run: string): string[] {
  return UNSPACED.test(run) ? segmentsOf(run) : [run]
}

function segmentsOf(run: string): string[] {
  return [...segmenter.segment(run)].flatMap(({ segment, isWordLike }) => (isWordLike ? [segment] : []))
}

const MAX_REMEMBERED = 50_000
const remembered = new Map<string, string[]>()

/** Memoized: segmenting is slow, and words repeat. */
function segmentsInside(word: string): string[] {
  const known = remembered.get(word)
  if (known) return known
  if (remembered.size >= MAX_REMEMBERED) remembered.clear()
  const segments = segmentsOf(word)
  remembered.set(word, segments)
  return segments
}

/** Pairs of adjacent Han characters: they match where the dictionary segments query and document differently. */
function hanPairsOf(run: string): string[] {
  return (run.match(HAN_RUN) ?? []).flatMap((characters) => {
    const each = [...characters]
    return each.slice(1).map((character, index) => `${each[index]}${character}`)
  })
}
