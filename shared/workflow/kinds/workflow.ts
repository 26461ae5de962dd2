import { workflowNamed } from '../types/catalogue.ts'
import { typeTakenBy } from '../types/type-of-schema.ts'
import { issuesOfItems } from './items.ts'
import type { KindOfStep } from './kind-of-step.ts'

export const workflow: KindOfStep<'workflow'> = {
  word: 'child workflow',
  title: 'A child workflow',
  description: 'It runs a registered workflow as a task of its own that is linked to this one.',
  evaluated: ['input', 'forEach'],
  valuesOf: ({ input }) => ({ input }),
  typedIn: () => [],
  inputsOf(step, catalogue) {
    const child = workflowNamed(catalogue, step.workflow)
    if (child?.input === undefined) return []
    return [{ type: typeTakenBy(child.input), what: `what workflow ${child.name} takes` }]
  },
  outputOf: (step, typing) => typing.outputOfWorkflow(step.workflow),
  issuesOf: issuesOfItems,
}
