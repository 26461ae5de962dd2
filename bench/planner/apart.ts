import { Ajv } from 'ajv'
import { answerOfPlan } from './answer-of-plan.ts'
import type { Case } from './cases.ts'

/** Why a known plan cannot be a valid workflow; found without the planner's own checks. */
export function apartOf(one: Case): 'cyclic' | 'unfit' | undefined {
  if (!one.plan) return undefined
  const { steps } = answerOfPlan(one, one.plan).answer.workflow
  const needs = new Map(
    Object.entries(steps).map(([id, step]) => [id, Array.isArray(step.needs) ? step.needs : []]),
  )
  if (isCyclic(needs)) return 'cyclic'
  const ajv = new Ajv({ strict: false, logger: false })
  const isUnfit = Object.values(steps).some(({ capability, input }) => {
    const schema = one.catalogue.find(String(capability))?.inputSchema
    return schema !== undefined && !ajv.validate({ ...schema }, input)
  })
  return isUnfit ? 'unfit' : undefined
}

/** Whether steps are left when those that need nothing are taken away again and again. */
function isCyclic(given: ReadonlyMap<string, readonly unknown[]>): boolean {
  const left = new Map(given)
  for (;;) {
    const free = [...left]
      .filter(([, needs]) => !needs.some((need) => left.has(String(need))))
      .map(([id]) => id)
    if (free.length === 0) return left.size > 0
    for (const id of free) left.delete(id)
  }
}
