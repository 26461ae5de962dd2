/** A Lambda's error arrives as JSON text with its message inside. */
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
