import { AwsError } from '../../aws/errors.ts'

const MOST_QUOTED = 200

export function invalidValue(parameter: string, value: string, reason: string): AwsError {
  const shown = value.slice(0, MOST_QUOTED)
  return new AwsError(
    'InvalidParameterValueException',
    `Value ${shown} for parameter ${parameter} is invalid. Reason: ${reason}`,
  )
}

export const missingParameter = (parameter: string): AwsError =>
  new AwsError('MissingRequiredParameterException', `The request must contain the parameter ${parameter}.`)

export const notInFlight = (): AwsError =>
  new AwsError('MessageNotInflight', 'The message is not in flight: its visibility timeout has ended')

/** The longest visibility, counted from the receipt. */
const MOST_INVISIBLE_SECONDS = 43_200

/** Throws when a message would be invisible for too long since its receipt. */
export function checkVisibility(seconds: number, milliseconds: number): void {
  if (milliseconds <= MOST_INVISIBLE_SECONDS * 1000) return
  const reason = `Total VisibilityTimeout for the message is beyond the limit [${MOST_INVISIBLE_SECONDS} seconds]`
  throw invalidValue('VisibilityTimeout', String(seconds), reason)
}

/** Names of errors in the older protocol, where they differ: SDKs and programs still know them by these. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
  AccessDeniedException: 'AccessDenied',
  ...Object.fromEntries(
    [
      'BatchEntryIdsNotDistinct',
      'BatchRequestTooLong',
      'EmptyBatchRequest',
      'InvalidBatchEntryId',
      'MessageNotInflight',
      'PurgeQueueInProgress',
      'TooManyEntriesInBatchRequest',
      'UnsupportedOperation',
    ].map((code) => [code, `AWS.SimpleQueueService.${code}`]),
  ),
}

export const queryCode = (code: string): string => QUERY_CODES[code] ?? code
