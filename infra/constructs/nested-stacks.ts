import { NestedStack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Places } from '../place-in-stacks.ts'

/** The nested stack of each number in `places`, created on first use; 0 is the scope itself. */
export function nestedStacks(scope: Construct, id: string, places: Places, what: string) {
  const numbers = [...new Set(Object.values(places))].filter((at) => at > 0).sort((a, b) => a - b)
  const stacks = new Map<number, Construct>(
    numbers.map((at) => {
      const description = `Orchestrator: ${what}, part ${at + 1}`
      return [at, new NestedStack(scope, `${id}${at}`, { description })]
    }),
  )
  return (at: number): Construct => stacks.get(at) ?? scope
}
