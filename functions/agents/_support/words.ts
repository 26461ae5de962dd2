const STOP_WORDS = new Set(
  (
    'a about after all also an and any are as at be been before but by can could did do does each for from had has have he her ' +
    'here his how i if in into is it its just like may me more most much must my new no not now of on one only or other our out ' +
    'over same should so some such than that the their them then there these they this those through to too under up use used ' +
    'using very was we were what when where which while who why will with would you your via per'
  ).split(' '),
)

/** Plural and singular as one (Harman's S-stemmer, 1991): `retries` and `retry`, `queues` and `queue`. */
export function stem(word: string): string {
  if (/[^ae]ies$/.test(word)) return `${word.slice(0, -3)}y`
  if (/[^aeo]es$/.test(word)) return word.slice(0, -1)
  return /[^us]s$/.test(word) ? word.slice(0, -1) : word
}

/** Lower-case words that carry meaning, in order, with repeats. */
export function contentWords(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}-]+/gu) ?? []).filter(
    (word) => !STOP_WORDS.has(word),
  )
}
