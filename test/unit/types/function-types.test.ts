import { describe, expect, it } from 'vitest'
import { addedFunctions, FUNCTIONS } from '../../../shared/workflow/expression-functions.ts'
import { checkedExpression } from '../../../shared/workflow/parse-expression.ts'
import { FUNCTION_TYPES } from '../../../shared/workflow/types/function-types.ts'

describe('the types of functions', () => {
  it('are those of all functions that an expression may call', () => {
    expect(Object.keys(FUNCTION_TYPES).sort()).toEqual([...FUNCTIONS].sort())
  })

  it.each([...FUNCTIONS].sort())("$%s has JSONata's signature", async (name) => {
    const added: Readonly<Record<string, { signature: string }>> = addedFunctions(() => '')
    const own = (await checkedExpression(`$${name}`).evaluate(undefined)) as
      | { signature?: { definition: string } }
      | undefined
    const expected = added[name]?.signature ?? own?.signature?.definition
    // The results are those that the types say; JSONata leaves some of them out.
    const argumentsOf = (signature = ''): string => signature.replace(/:.*|>$/g, '')
    expect(argumentsOf(FUNCTION_TYPES[name]?.signature)).toBe(argumentsOf(expected))
  })
})
