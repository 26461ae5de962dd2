import { evaluateExpression, isOrchestratorError, type Json } from 'orchestrator/agent'

type Rule = { name: string; expression: string }

/** Evaluates rules with the value as `$value`. A rule that cannot be evaluated is reported as a problem too. */
export async function checkRules(value: Json, rules: readonly Rule[]) {
  const problems: { path: string; message: string }[] = []
  for (const { name, expression } of rules) {
    const message = await problemOf(expression, { value })
    if (message) problems.push({ path: name, message })
  }
  return { valid: problems.length === 0, checked: rules.length, problems }
}

async function problemOf(expression: string, names: Record<string, Json>): Promise<string | undefined> {
  try {
    const result = await evaluateExpression(expression, names)
    return result === true
      ? undefined
      : `${shortened(expression)} is ${shortened(JSON.stringify(result) ?? 'undefined')}`
  } catch (error) {
    if (isOrchestratorError(error)) return error.message
    throw error
  }
}

const MAX_SHOWN = 300

/** Cut short: a rule may evaluate to the whole table. */
function shortened(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text
}
