import type { ModelMessage, ModelPart } from '../../../shared/ports/models.ts'

/** Messages as all providers take them: roles alternate, no part and no message is empty, and nothing is opaque that another model has made. */
export function joinedMessages(
  messages: readonly ModelMessage[],
  source: string,
): { role: ModelMessage['role']; parts: ModelPart[] }[] {
  const joined: { role: ModelMessage['role']; parts: ModelPart[] }[] = []
  for (const { role, parts } of messages) {
    const kept = parts.filter((part) =>
      part.kind === 'opaque' ? part.from === source : part.kind !== 'text' || part.text.trim() !== '',
    )
    const last = joined.at(-1)
    if (kept.length === 0) continue
    if (last?.role === role) last.parts.push(...kept)
    else joined.push({ role, parts: kept })
  }
  return joined
}
