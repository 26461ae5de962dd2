import { isJsonObject, type JsonObject } from '../../shared/domain/json.ts'
import { duration } from './duration.ts'
import { usd } from './money.ts'
import { say, style } from './output.ts'
import { hanging } from './visible.ts'

/** How a goal was planned: by what, in how many drafts, what was mended, taken for granted and guessed, and why a person looks at it. */
export function printPlanning(output: unknown): void {
  if (!isJsonObject(output)) return
  const { kind, plannedBy, calls, tokens, costUsd, reason, assumptions, repairs, drafts, estimate, review } =
    output
  const spent = Number(calls) > 0 ? `, ${calls} calls, ${tokens} tokens, ${usd(Number(costUsd))}` : ''
  say(`${kind === 'refused' ? style('red', 'refused') : 'planned'} by ${String(plannedBy)}${spent}`)
  if (kind === 'refused') say(hanging(String(reason)))
  if (isJsonObject(estimate)) printEstimate(estimate)
  if (isJsonObject(review)) printList('a person looks at it:', review.reasons)
  printList('taken for granted:', assumptions)
  const mended = objectsIn(repairs).map(({ path, message, guessed }) => {
    return `${String(path)}: ${String(message)}${guessed ? ' (guessed)' : ''}`
  })
  printList('mended:', mended)
  for (const [at, { issues }] of objectsIn(drafts).entries()) {
    const told = objectsIn(issues).map(({ path, message }) => `${String(path)}: ${String(message)}`)
    printList(`draft ${at + 1} was sent back:`, told)
  }
}

function printEstimate({ seconds, usd: money }: JsonObject): void {
  if (!isJsonObject(seconds) || !isJsonObject(money)) return
  const time = duration(1_000 * Number(seconds.p50))
  say(`estimated: ${time}, ${usd(Number(money.p50))}; at most ${usd(Number(money.p90))} in nine of ten cases`)
}

function printList(title: string, lines: unknown): void {
  if (!Array.isArray(lines) || lines.length === 0) return
  say(title)
  for (const line of lines) say(`- ${hanging(String(line))}`, 4)
}

const objectsIn = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.filter((one): one is JsonObject => isJsonObject(one)) : []
