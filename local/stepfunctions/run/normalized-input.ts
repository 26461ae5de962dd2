import { AwsError } from '../../aws/errors.ts'
import { asText } from './history.ts'

/** An execution's input as JSON text, equal for equal values. Throws AwsError InvalidExecutionInput. */
export function normalizedInput(text: string): string {
  try {
    return asText(JSON.parse(text))
  } catch (error) {
    throw new AwsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${(error as Error).message}'`,
    )
  }
}
