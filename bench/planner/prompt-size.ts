import { loadCatalogue } from '../../infra/load-catalogue.ts'
import { plannerCatalogue } from '../../shared/planner/planner-catalogue.ts'
import { plannerPrompt } from '../../shared/planner/planner-prompt.ts'
import type { Capability } from '../../shared/planner/signatures.ts'
import type { Case } from './cases.ts'
import { tokensOf } from './run-case.ts'

const GOAL =
  'Find what moves over time in the sales table, compare it with what was written about it, and send me a report with a chart and the sources by Monday.'
const NUMBER = 20

export type PromptSize = { capabilities: string; number: number; tokens: number }

/** The tokens of a whole prompt with twenty capabilities: those that this package ships, and as many with parameters of their own from the data. */
export async function promptSizes(cases: readonly Case[]): Promise<PromptSize[]> {
  const { agents } = await loadCatalogue()
  const shipped = plannerCatalogue(agents.map(({ manifest }) => manifest)).capabilities
  const own = new Map(
    cases
      .filter(({ source }) => source === 'own')
      .flatMap(({ catalogue }) => catalogue.capabilities)
      .map((one) => [one.name, one]),
  )
  const named: [string, readonly Capability[]][] = [
    ['built in', shipped],
    ['tools of BFCL', [...own.values()]],
    ['tools of UltraTool', cases.find(({ source }) => source === 'ultratool')?.catalogue.capabilities ?? []],
  ]
  return named.map(([capabilities, all]) => {
    const listed = all.slice(0, NUMBER)
    const { system, answer, message } = plannerPrompt({ text: GOAL }, listed)
    return { capabilities, number: listed.length, tokens: tokensOf({ system, answer, messages: [message] }) }
  })
}
