import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { partsOf } from '../../../functions/adapters/s3/parts-of.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

it('keeps no chunk of a content that has gone through, whatever waits for its end (parts/P2)', async () => {
  const made: WeakRef<Uint8Array>[] = []
  let kept = -1
  async function* content() {
    for (let number = 0; number < 200; number++) {
      if (number === 150) {
        // In a turn of its own: references are kept alive until the end of the one that made them.
        await new Promise((resolve) => setImmediate(resolve))
        collectGarbage()
        kept = made.filter((chunk) => chunk.deref() !== undefined).length
      }
      const chunk = new Uint8Array(1_000)
      made.push(new WeakRef(chunk))
      yield chunk
    }
  }
  const { signal } = new AbortController()
  let bytes = 0
  for await (const part of partsOf(content(), { bytes: 10_000, onChunk: () => {}, signal }))
    bytes += part.length
  expect(bytes).toBe(200_000)
  expect(kept).toBeLessThan(5)
})

it('leaves a content that never goes on as soon as the signal aborts, with its reason', async () => {
  const stop = new AbortController()
  let isLeft = false
  const content = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: async () => {
        isLeft = true
        return { done: true as const, value: undefined }
      },
    }),
  }
  const reading = partsOf(content, { bytes: 10, onChunk: () => {}, signal: stop.signal }).next()
  const reason = new Error('too late')
  stop.abort(reason)
  await expect(reading).rejects.toBe(reason)
  expect(isLeft).toBe(true)
})

it('throws what the content throws', async () => {
  const reason = new Error('torn')
  // biome-ignore lint/correctness/useYield: it fails before its first chunk
  async function* content(): AsyncGenerator<Uint8Array> {
    throw reason
  }
  await expect(partsOf(content(), { bytes: 10, onChunk: () => {} }).next()).rejects.toBe(reason)
})
