import { issue } from '../../domain/issue.ts'
import { shown } from '../../domain/shown.ts'
import { issuesOfEvaluate } from '../evaluation/issues-of-evaluate.ts'
import type { IssueInText } from '../issue-places.ts'
import type { StepOf } from '../schema.ts'
import { type Offer, offersFor } from '../types/catalogue.ts'
import { ANY, joinAll } from '../types/type.ts'
import { typeOfSchema, typeTakenBy } from '../types/type-of-schema.ts'
import { issuesOfItems } from './items.ts'
import type { KindOfStep } from './kind-of-step.ts'

export const agent: KindOfStep<'agent'> = {
  word: 'agent',
  title: 'A step that an agent runs',
  description: 'It has `capability`, `agent`, or both. With `forEach` it runs once for each item of a list.',
  evaluated: ['input', 'forEach', 'evaluate.rules', 'evaluate.citations'],
  valuesOf: ({ input }) => ({ input }),
  typedIn: () => [],
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
  ],
}

/** What is reused was scored by other checks, and a judge is asked once for an output. */
function issuesOfCache({ cache, evaluate }: StepOf<'agent'>, path: string): IssueInText[] {
  if (!cache || !evaluate?.judge) return []
  const message = `cache is ${shown(cache)}; a step whose output is judged (evaluate.judge) reuses none: leave one of them out`
  return [issue('invalid-value', `${path}.cache`, message)]
}

const whatTakes = ({ name, agentId }: Offer, { agent: pinned }: StepOf<'agent'>): string =>
  pinned === undefined ? `what ${name} takes` : `what agent ${agentId} takes for ${name}`
