/**
 * Extractive summary: TextRank (Mihalcea and Tarau, 2004) ranks sentences by how many others they resemble, and
 * maximal marginal relevance (Carbonell and Goldstein, 1998) keeps the chosen ones from repeating one another.
 */
import { contentWords, stem } from './words.ts'

const DAMPING = 0.85
const ROUNDS = 30
const MAX_SENTENCES = 300
const MIN_WORDS = 4
/** The weight of a sentence's rank against its similarity to those already chosen (lambda of maximal marginal relevance). */
const RELEVANCE = 0.7
/** What each word shared with the focus adds to a sentence's weight. */
const FOCUS = 3

type Summary = { engine: string; sentences: string[]; unread: number }
type Sentence = { text: string; words: Set<string> }

/** With a `focus`, sentences that share its words weigh more. */
export function summarize(text: string, count: number, focus = ''): Summary {
  const all = sentencesOf(text)
  const sentences = all.slice(0, MAX_SENTENCES)
  const ranks = focused(rankSentences(sentences), sentences, stemsOf(focus))
  const chosen: number[] = []
  while (chosen.length < Math.min(count, sentences.length)) {
    const rest = sentences.keys().filter((index) => !chosen.includes(index))
    const scores = [...rest].map((index) => ({
      index,
      score: marginalRelevance(index, chosen, sentences, ranks),
    }))
    chosen.push(scores.reduce((a, b) => (b.score > a.score ? b : a)).index)
  }
  return {
    engine: 'extractive',
    unread: all.length - sentences.length,
    sentences: chosen.sort((a, b) => a - b).map((index) => sentences[index]?.text ?? ''),
  }
}

function sentencesOf(text: string): Sentence[] {
  const parts = [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)].map(({ segment }) =>
    segment.trim(),
  )
  const sentences = parts.map((part) => ({ text: part, words: stemsOf(part) }))
  const full = sentences.filter(({ words }) => words.size >= MIN_WORDS)
  return full.length > 0 ? full : sentences.filter((sentence) => sentence.text)
}

function rankSentences(sentences: readonly Sentence[]): number[] {
  const weights = sentences.map((a) => sentences.map((b) => (a === b ? 0 : likeness(a, b))))
  const totals = weights.map((row) => row.reduce((sum, weight) => sum + weight, 0))
  let ranks = sentences.map(() => 1)
  for (let round = 0; round < ROUNDS; round++) {
    ranks = ranks.map((_, to) => {
      const received = ranks.reduce((sum, rank, from) => {
        const total = totals[from] ?? 0
        return total === 0 ? sum : sum + (rank * (weights[from]?.[to] ?? 0)) / total
      }, 0)
      return 1 - DAMPING + DAMPING * received
    })
  }
  return ranks
}

const stemsOf = (text: string): Set<string> => new Set(contentWords(text).map(stem))

function focused(
  ranks: readonly number[],
  sentences: readonly Sentence[],
  focus: ReadonlySet<string>,
): number[] {
  return ranks.map(
    (rank, index) => rank * (1 + FOCUS * (sentences[index]?.words.intersection(focus).size ?? 0)),
  )
}

/** TextRank's similarity: shared words over the sum of the logarithms of the lengths. */
function likeness(a: Sentence, b: Sentence): number {
  const shared = a.words.intersection(b.words).size
  const lengths = Math.log(a.words.size + 1) + Math.log(b.words.size + 1)
  return lengths === 0 ? 0 : shared / lengths
}

function marginalRelevance(
  index: number,
  chosen: readonly number[],
  sentences: readonly Sentence[],
  ranks: readonly number[],
): number {
  const own = sentences[index] as Sentence
  const nearest = Math.max(0, ...chosen.map((other) => likeness(own, sentences[other] as Sentence)))
  return RELEVANCE * (ranks[index] ?? 0) - (1 - RELEVANCE) * nearest
}
