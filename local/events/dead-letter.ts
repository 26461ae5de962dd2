/** Why an event could not be delivered, by the codes that EventBridge writes. */
export type DeliveryCode = 'NO_PERMISSIONS' | 'NO_RESOURCE' | 'ERROR_FROM_TARGET' | 'INTERNAL_ERROR'

/** A target did not take an event. */
export class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed'
  readonly code: DeliveryCode

  constructor(code: DeliveryCode, message: string) {
    super(message)
    this.code = code
  }

  /** Without permission or target another try is of no use. */
  get isFinal(): boolean {
    return this.code === 'NO_PERMISSIONS' || this.code === 'NO_RESOURCE'
  }
}

/** An event that no try could deliver, for the dead-letter queue of its target. */
export type DeadLetter = {
  event: object
  ruleArn: string
  targetArn: string
  code: DeliveryCode
  message: string
  /** Tries after the first. */
  retries: number
  isFinal: boolean
}

const MOST_MESSAGE = 1_000

/** The attributes of the message in the queue. */
export function attributesOf({ ruleArn, targetArn, code, message, retries, isFinal }: DeadLetter) {
  const values = {
    RULE_ARN: ruleArn,
    TARGET_ARN: targetArn,
    ERROR_CODE: code,
    ERROR_MESSAGE: message.slice(0, MOST_MESSAGE) || code,
    ...(isFinal
      ? {}
      : { EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts', RETRY_ATTEMPTS: String(retries) }),
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  )
}
