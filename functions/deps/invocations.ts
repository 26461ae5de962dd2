import { invokeFunctionLater } from '../adapters/lambda/invocations.ts'
import { lambda } from './clients.ts'

/** Invokes a function asynchronously. */
export const invokeLater = (functionName: string, event: object): Promise<void> =>
  invokeFunctionLater(lambda(), functionName, event)
