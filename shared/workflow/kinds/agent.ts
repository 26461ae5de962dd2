import { issue } from '../../domain/issue.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { cut, shown } from '../../domain/shown.ts'
import { type ConstantResult, constantResults } from '../constant-results.ts'
import { issuesOfEvaluate } from '../evaluation/issues-of-evaluate.ts'
import { expressionsIn } from '../expressions.ts'
import type { IssueInText } from '../issue-places.ts'
import type { StepOf } from '../schema.ts'
import { capabilitiesOf, capabilityComputedBy } from '../step-capability.ts'
import { type Offer, offersFor } from '../types/catalogue.ts'
import { ANY, joinAll, oneOf, STRING } from '../types/type.ts'
import { typeOfSchema, typeTakenBy } from '../types/type-of-schema.ts'
import { issuesOfItems } from './items.ts'
import type { KindOfStep } from './kind-of-step.ts'

export const agent: KindOfStep<'agent'> = {
  word: 'agent',
  title: 'A step that an agent runs',
  description: 'It has `capability`, `agent`, or both. With `forEach` it runs once for each item of a list.',
  evaluated: [
    'input',
    'forEach',
    'capability',
    'evaluate.rules',
    'evaluate.citations',
    'state.set',
    'state.update',
  ],
  valuesOf: ({ input, state }) => ({ input, 'state.set': state?.set, 'state.update': state?.update }),
  typedIn: (step) => {
    const value = capabilityComputedBy(step)
    const right = `a capability is one of those in oneOf: ${capabilitiesOf(step).join(', ')}`
    return value === undefined || constantsNotStated(step).length > 0
      ? []
      : [{ field: 'capability', value, wanted: step.oneOf === undefined ? STRING : oneOf(step.oneOf), right }]
  },
  inputsOf: (step, catalogue) =>
    offersFor(catalogue, step).first.map((offer) => ({
      type: typeTakenBy(offer.inputSchema),
      what: whatTakes(offer, step),
    })),
  outputOf(step, { catalogue }) {
    const { first, further, isOpen } = offersFor(catalogue, step)
    return isOpen
      ? ANY
      : joinAll([...first, ...further].map(({ outputSchema }) => typeOfSchema(outputSchema)))
  },
  issuesOf: (step, path) => [
    ...issuesOfItems(step, path),
    ...issuesOfEvaluate(step.evaluate, `${path}.evaluate`),
    ...issuesOfCache(step, path),
    ...issuesOfChoice(step, path),
  ],
}

/** What is reused was scored by other checks, and a judge is asked once for an output. */
function issuesOfCache({ cache, evaluate }: StepOf<'agent'>, path: string): IssueInText[] {
  if (!cache || !evaluate?.judge) return []
  const message = `cache is ${shown(cache)}; a step whose output is judged (evaluate.judge) reuses none: leave one of them out`
  return [issue('invalid-value', `${path}.cache`, message)]
}

/** Issues of a capability that is an expression, and of `oneOf` without one. */
function issuesOfChoice(step: StepOf<'agent'>, path: string): IssueInText[] {
  const { capability, oneOf, bind } = step
  if (capabilityComputedBy(step) === undefined) {
    if (oneOf === undefined) return []
    const beside =
      capability === undefined ? 'without a capability' : `beside capability ${shown(capability)}`
    const message = `oneOf is ${shown(oneOf)}, and says nothing ${beside}; it states what an expression for the capability may come to: capability: "{% ... %}"`
    return [issue('invalid-value', `${path}.oneOf`, message)]
  }
  const issues: IssueInText[] = constantsNotStated(step).map(({ value, at }) => {
    const message = `the expression may come to ${shown(value)}, which is none of those in oneOf${suggestNames(cut(value), oneOf ?? [])}`
    return { ...issue('invalid-value', `${path}.capability`, message), offset: at }
  })
  if (oneOf === undefined) {
    const message = `capability is ${shown(capability)}, an expression: state every capability that it may come to, oneOf: [text.summarize, ...]`
    issues.push(issue('missing-field', `${path}.capability`, message))
  }
  if (bind === 'early') {
    const message = `bind is ${shown(bind)}, and the capability is an expression, which is evaluated when the step begins: say bind: late`
    issues.push(issue('invalid-value', `${path}.bind`, message))
  }
  return issues
}

/** The constants that the expression for a capability may come to, and that its list does not state: by their places in the text of the field. */
function constantsNotStated({ capability, oneOf }: StepOf<'agent'>): ConstantResult[] {
  if (oneOf === undefined) return []
  return expressionsIn(capability).flatMap(({ text, offset }) =>
    constantResults(text).flatMap(({ value, at }) =>
      oneOf.includes(value) ? [] : [{ value, at: offset + at }],
    ),
  )
}

const whatTakes = ({ name, agentId }: Offer, { agent: pinned }: StepOf<'agent'>): string =>
  pinned === undefined ? `what ${name} takes` : `what agent ${agentId} takes for ${name}`
