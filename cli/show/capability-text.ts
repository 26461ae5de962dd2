type Calling = { capability?: string | undefined; oneOf?: readonly string[] | undefined }

/** The capability of a step; where it is an expression, what that has come to, and of which: `text.shout (of text.shout, text.whisper)`. */
export function capabilityText({ capability, oneOf }: Calling): string | undefined {
  if (oneOf === undefined) return capability
  return capability === undefined ? `one of ${oneOf.join(', ')}` : `${capability} (of ${oneOf.join(', ')})`
}
