import type { Case } from './cases.ts'
import { KIND_OF, type Oracle, scriptOf } from './oracles.ts'
import { type Outcome, runCase } from './run-case.ts'
import { f1Of, foundOf, spreadOf } from './score.ts'

export type Figures = {
  oracle: Oracle
  /** Without those that are counted apart. */
  cases: number
  validFirst: number
  validAfterRepair: number
  /** Valid after repairs of the first answer alone. */
  validWithoutSecondCall: number
  /** The same, where no name was guessed. */
  validWithoutGuess: number
  /** Null where there is no known plan to compare with. */
  nodeF1: number | null
  edgeF1: number | null
  calls: ReturnType<typeof spreadOf>
  promptTokens: ReturnType<typeof spreadOf>
  refused: number
  hung: number
  beyondCaps: number
  /** Plans in which a name was guessed, which a person should see. */
  guessed: number
  /** Known plans that no valid workflow can say: cyclic ones, and arguments that their own tool refuses. */
  apart: { cyclic: number; unfit: number; planned: number }
  /** Why plans were refused, with a number for each code of words. */
  reasons: Record<string, number>
}

/** Runs an oracle over its cases. `apartOf` says why a known plan is counted apart. */
export async function measure(
  oracle: Oracle,
  all: readonly Case[],
  invented: readonly string[],
  apartOf: (one: Case) => 'cyclic' | 'unfit' | undefined,
): Promise<Figures> {
  const cases = all.filter(({ kind }) => kind === KIND_OF[oracle])
  const each: { one: Case; outcome: Outcome }[] = []
  const apart = { cyclic: 0, unfit: 0, planned: 0 }
  for (const one of cases) {
    const outcome = await runCase(one, scriptOf(oracle, one, invented))
    const why = KIND_OF[oracle] === 'gold' ? apartOf(one) : undefined
    if (why === undefined) each.push({ one, outcome })
    else {
      apart[why]++
      if (outcome.planned) apart.planned++
    }
  }
  const share = (holds: (outcome: Outcome) => boolean): number =>
    each.filter(({ outcome }) => holds(outcome)).length / Math.max(1, each.length)
  const found = each.flatMap(({ one, outcome }) =>
    outcome.planned ? [foundOf(one, outcome.planned.workflow)] : [],
  )
  const isKnown = KIND_OF[oracle] === 'gold'
  return {
    oracle,
    cases: each.length,
    validFirst: share(({ validFirst }) => validFirst),
    validAfterRepair: share(({ planned }) => planned !== undefined),
    validWithoutSecondCall: share(({ planned, calls }) => planned !== undefined && calls === 1),
    validWithoutGuess: share(
      ({ planned, calls }) =>
        calls === 1 && planned !== undefined && !planned.repairs.some(({ guessed }) => guessed),
    ),
    nodeF1: isKnown ? f1Of(found.map(({ nodes }) => nodes)) : null,
    edgeF1: isKnown ? f1Of(found.map(({ edges }) => edges)) : null,
    calls: spreadOf(each.map(({ outcome }) => outcome.calls)),
    promptTokens: spreadOf(each.map(({ outcome }) => outcome.promptTokens)),
    refused: each.filter(({ outcome }) => outcome.refusal !== undefined || outcome.failure !== undefined)
      .length,
    hung: each.filter(({ outcome }) => outcome.isHung).length,
    beyondCaps: each.filter(({ outcome }) => !outcome.isWithinCaps).length,
    guessed: each.filter(({ outcome }) => outcome.planned?.repairs.some(({ guessed }) => guessed)).length,
    apart,
    reasons: reasonsOf(each.map(({ outcome }) => outcome)),
  }
}

function reasonsOf(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { refusal, failure } of outcomes) {
    if (refusal === undefined && failure === undefined) continue
    const why = refusal === undefined ? causeIn(failure ?? '') : 'the model refuses'
    counts[why] = (counts[why] ?? 0) + 1
  }
  return counts
}

function causeIn(message: string): string {
  if (/in a circle:/.test(message)) return 'a circle of steps'
  if (/\.capability/.test(message)) return 'an unknown capability'
  return /the last draft: (\S+)/.exec(message)?.[1] ?? message.slice(0, 60)
}
