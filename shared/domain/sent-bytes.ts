const encoder = new TextEncoder()

/** The bytes of a value as a function's answer carries it: its JSON in UTF-8, inside a JSON string. */
export function sentBytes(value: unknown): number {
  return encoder.encode(JSON.stringify(JSON.stringify(value) ?? null)).length
}
