import type { KindOfStep } from './kind-of-step.ts'

export const repeat: KindOfStep<'repeat'> = {
  word: 'loop',
  title: 'A loop',
  description:
    'Its steps go round until `until` is true. `$iteration` counts from 1; `$previous` has the outputs of the round before by step.',
  evaluated: ['repeat.until', 'repeat.output'],
  valuesOf: ({ repeat: { output } }) => ({ 'repeat.output': output }),
  // `until` is checked in the scope of the body.
  typedIn: () => [],
  inputsOf: () => [],
  outputOf: ({ repeat: { output } }, typing) => typing.typeAfterBody(output),
  issuesOf: () => [],
}
