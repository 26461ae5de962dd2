type Options = {
  /** The size of each part but the last. */
  bytes: number
  /** Told of the size of each chunk before it is taken; what it throws ends the content. */
  onChunk(bytes: number): void
  /** A part whose content is needed no more, for another. */
  takeFree?: (() => Buffer | undefined) | undefined
  signal?: AbortSignal | undefined
}

const FIRST_BYTES = 64 * 1024

/**
 * A content in parts of equal size; the last may be smaller, and is never empty. Chunks are copied at once, because a source may reuse
 * their memory. Throws the signal's reason as soon as it aborts, also while the source is waited for.
 */
export async function* partsOf(
  content: AsyncIterable<Uint8Array>,
  { bytes, onChunk, takeFree, signal }: Options,
): AsyncGenerator<Buffer> {
  let part: Buffer = Buffer.allocUnsafe(0)
  let filled = 0
  for await (const chunk of untilAborted(content, signal)) {
    onChunk(chunk.length)
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, bytes - filled)
      if (filled + taken > part.length) part = grown(part, filled, Math.min(bytes, sizeFor(filled + taken)))
      part.set(chunk.subarray(at, at + taken), filled)
      filled += taken
      at += taken
      if (filled < bytes) continue
      yield part
      part = takeFree?.() ?? Buffer.allocUnsafe(0)
      filled = 0
    }
  }
  if (filled > 0) yield part.subarray(0, filled)
}

const sizeFor = (needed: number): number => Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(needed)))

function grown(part: Buffer, filled: number, size: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(size)
  part.copy(larger, 0, 0, filled)
  return larger
}

/**
 * The same content; a source that never goes on is left when the signal aborts, and told so. Each wait has a promise of its own: a race
 * against one promise that lives as long as the content would keep every chunk in memory until its end.
 */
async function* untilAborted<T>(
  content: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const iterator = content[Symbol.asyncIterator]()
  let leave: (() => void) | undefined
  const abort = (): void => leave?.()
  signal?.addEventListener('abort', abort, { once: true })
  let ended = false
  try {
    while (true) {
      signal?.throwIfAborted()
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        leave = () => reject(signal?.reason)
        iterator.next().then(resolve, reject)
      })
      if (next.done) {
        ended = true
        return
      }
      yield next.value
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    // Not awaited: a generator that hangs would never come to its end.
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => {})
  }
}
