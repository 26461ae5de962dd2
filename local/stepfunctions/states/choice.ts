import type { ChoiceState } from '../definition/definition.ts'
import { shape } from '../run/leave-state.ts'
import type { Entry, Exit } from '../run/scope.ts'
import { Failed, StateError } from '../run/state-error.ts'

/** Takes the first choice with a true condition, else the default. */
export async function runChoice(entry: Entry<ChoiceState>): Promise<Exit> {
  const { state, input, entered } = entry
  for (const [index, choice] of state.Choices.entries()) {
    const place = `Choices[${index}]/`
    const met = await entry.evaluate(choice.Condition, `${place}Condition`, { type: 'boolean' })
    if (met === true)
      return { ...(await shape(entry, choice, input, place)), next: choice.Next, last: entered.id }
  }
  if (state.Default === undefined) {
    const cause = `No choice of '${entry.name}' matched and it has no Default.`
    throw new Failed(new StateError('States.NoChoiceMatched', cause), entered.id)
  }
  return { ...(await shape(entry, state, input, '')), next: state.Default, last: entered.id }
}
