import * as z from 'zod'
import type { Check } from '../../domain/evaluation.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { flat, stands } from '../../domain/quotation.ts'
import { shown } from '../../domain/shown.ts'

/** The capability that an agent judges outputs by. */
export const JUDGE = 'evaluate.judge'

/** Each quotation is looked for in the whole output, which may be large. */
const MOST_TOLD = 100

/** What an agent with it answers; it may say more. */
const JudgementSchema = z.looseObject({
  score: z.number().min(0).max(1),
  reasons: z.array(z.string()).max(MOST_TOLD).default([]),
  quotes: z.array(z.string()).max(MOST_TOLD).default([]),
  judgedItself: z.boolean().default(false),
})

/** The check of a judge; `fault` says why its answer is none. A judgement of which no quotation stands in the output is of something else. */
export function checkJudgement(answer: Json, output: Json): Check | { fault: string } {
  const parsed = JudgementSchema.safeParse(answer)
  if (!parsed.success)
    return {
      fault: `${JUDGE} has answered ${shown(answer)}; a judgement is {score: 0 to 1, reasons, quotes}, with at most ${MOST_TOLD} of either`,
    }
  const { score, reasons, quotes, judgedItself } = parsed.data
  const texts = quotes.length > 0 ? textsIn(output).map(flat) : []
  const isFounded = (quote: string): boolean => {
    const words = flat(quote)
    return texts.some((text) => stands(words, text))
  }
  if (quotes.length > 0 && !quotes.some(isFounded))
    return { fault: `none of the ${quotes.length} quotations of the judge stands in the output` }
  const reason = [...(judgedItself ? ['(By the model that it is of.)'] : []), ...reasons].join(' ')
  return { kind: 'judge', name: 'judge', score, ...(reason === '' ? {} : { reason }) }
}

/** The output as text, and the texts in it. */
function textsIn(output: Json): string[] {
  if (typeof output === 'string') return [output]
  return [JSON.stringify(output), JSON.stringify(output, null, 1), ...leavesIn(output)]
}

function leavesIn(value: Json): string[] {
  if (typeof value === 'string') return [value]
  const isNested = Array.isArray(value) || isJsonObject(value)
  return isNested ? Object.values(value).flatMap((one) => leavesIn(one as Json)) : []
}
