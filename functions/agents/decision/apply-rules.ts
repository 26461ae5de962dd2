import { evaluateExpression, FinalError, isOrchestratorError, OrchestratorError } from 'orchestrator/agent'
import type { Decided, RulesInput } from './schemas.ts'

const MOST_SHOWN = 300

/**
 * Decides by rules. Throws InvalidInputError for a rule that cannot be evaluated or is neither true nor false: a rule with a mistake must not decide by
 * its absence. Throws FinalError where no rule applies and there is no `otherwise`, and where several apply and one may.
 */
export async function applyRules({ value, rules, otherwise, hit }: RulesInput): Promise<Decided> {
  const applying: RulesInput['rules'] = []
  for (const rule of rules) {
    if (!(await applies(rule, value))) continue
    applying.push(rule)
    if (hit === 'first') break
  }
  const names = applying.map(({ name }) => name)
  const [first] = applying
  if (first === undefined && otherwise === undefined)
    throw new FinalError(
      `none of ${rules.length} rules applies, and there is no "otherwise"; the last was ${rules.at(-1)?.name}`,
    )
  if (hit === 'unique' && names.length > 1)
    throw new FinalError(
      `exactly one rule may apply (hit: unique); these do: ${names.slice(0, 10).join(', ')}`,
    )
  const all = applying.map(({ then }) => then)
  const decision = first === undefined ? otherwise : hit === 'all' ? all : first.then
  return { decision: decision ?? null, rules: names, engine: 'rules' }
}

async function applies(
  { name, when }: RulesInput['rules'][number],
  value: RulesInput['value'],
): Promise<boolean> {
  let result: unknown
  try {
    result = await evaluateExpression(when, { value })
  } catch (error) {
    if (!isOrchestratorError(error)) throw error
    throw wrong(`the rule "${name}" cannot be evaluated: ${error.message}`)
  }
  // A missing member compares as nothing at all: the rule does not apply.
  if (result === undefined || result === null) return false
  if (typeof result === 'boolean') return result
  const shown = JSON.stringify(result) ?? 'undefined'
  throw wrong(
    `the rule "${name}" is ${shown.slice(0, MOST_SHOWN)}; it must be true or false: ${when.slice(0, MOST_SHOWN)}`,
  )
}

const wrong = (message: string): OrchestratorError => new OrchestratorError('InvalidInputError', message)
