/** The message inside the JSON text by which Step Functions passes on a Lambda error. */
export function messageInCause(cause: string | undefined): string {
  try {
    const parsed: unknown = JSON.parse(cause ?? '')
    if (typeof parsed === 'object' && parsed !== null && 'errorMessage' in parsed)
      return String(parsed.errorMessage)
  } catch {
    // Not JSON: the cause is the message.
  }
  return cause || 'no cause was given'
}
