import { workflowCalledBy } from '../step-kinds.ts'
import { workflowNamed } from '../types/catalogue.ts'
import { ANY, join, objectOf, STRING } from '../types/type.ts'
import { typeTakenBy } from '../types/type-of-schema.ts'
import { issuesOfItems } from './items.ts'
import type { KindOfStep } from './kind-of-step.ts'

/** The value of an expression for a workflow: a name, a text in YAML or JSON, or a definition. */
const DEFINITION = join(STRING, objectOf({}, ANY))
const RIGHT = 'a workflow is a name, a text in YAML, or an object with steps'

export const workflow: KindOfStep<'workflow'> = {
  word: 'child workflow',
  title: 'A child workflow',
  description:
    'It runs a workflow as a task of its own that is linked to this one: a registered one by its name, or the value of an expression, which is checked and gets its agents when the step begins.',
  evaluated: ['workflow', 'input', 'forEach'],
  valuesOf: ({ input }) => ({ input }),
  typedIn: ({ workflow: value }) => [{ field: 'workflow', value, wanted: DEFINITION, right: RIGHT }],
  inputsOf(step, catalogue) {
    const called = workflowCalledBy(step)
    const child = called === undefined ? undefined : workflowNamed(catalogue, called)
    if (child?.input === undefined) return []
    return [{ type: typeTakenBy(child.input), what: `what workflow ${child.name} takes` }]
  },
  outputOf(step, typing) {
    const called = workflowCalledBy(step)
    return called === undefined ? ANY : typing.outputOfWorkflow(called)
  },
  issuesOf: issuesOfItems,
}
