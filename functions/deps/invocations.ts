import { invokeFunctionLater } from '../adapters/lambda/invocations.ts'
import { lambda } from './clients.ts'

/** Has a function invoked, and waits for no answer. */
export const invokeLater = (functionName: string, event: object): Promise<void> =>
  invokeFunctionLater(lambda(), functionName, event)
