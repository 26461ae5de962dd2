import { issuesOfItems } from './items.ts'
import type { KindOfStep } from './kind-of-step.ts'

export const steps: KindOfStep<'steps'> = {
  word: 'for each',
  title: 'Steps for each item of a list',
  description: 'A fan-out over several steps: all of them for each item, `$item` and `$index`.',
  evaluated: ['forEach', 'output'],
  valuesOf: ({ output }) => ({ output }),
  typedIn: () => [],
  inputsOf: () => [],
  outputOf: ({ output }, typing) => typing.typeAfterBody(output),
  issuesOf: issuesOfItems,
}
