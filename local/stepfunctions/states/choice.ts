import type { ChoiceState } from '../definition.ts'
import { evaluate } from '../query.ts'
import type { Entry, Exit } from '../scope.ts'
import { StateError } from '../state-error.ts'

/** The first choice whose condition is true, else the default. */
export async function runChoice(entry: Entry<ChoiceState>): Promise<Exit> {
  const { state, input, entered } = entry
  const names = entry.names()
  for (const [index, choice] of state.Choices.entries()) {
    const met = await evaluate(choice.Condition, names, `Choices[${index}]/Condition`)
    if (typeof met !== 'boolean') {
      throw new StateError(
        'States.QueryEvaluationError',
        `The condition of choice ${index} of '${entry.name}' is not a boolean.`,
      )
    }
    if (met) return exitBy(choice, choice.Next)
  }
  if (state.Default === undefined) {
    throw new StateError(
      'States.NoChoiceMatched',
      `No choice of '${entry.name}' matched and it has no Default.`,
    )
  }
  return exitBy(state, state.Default)

  async function exitBy(
    rule: { Output?: unknown; Assign?: Record<string, unknown> },
    next: string,
  ): Promise<Exit> {
    const assigned = rule.Assign
      ? ((await evaluate(rule.Assign, names, 'Assign')) as Record<string, unknown>)
      : {}
    const output = 'Output' in rule ? await evaluate(rule.Output, names, 'Output') : input
    return { output, next, assigned, last: entered }
  }
}
