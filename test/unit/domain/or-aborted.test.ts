import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { orAborted } from '../../../shared/domain/or-aborted.ts'

const reason = new Error('cancelled')

it('work ends with its own result or error, and leaves nothing at the signal', async () => {
  const { signal } = new AbortController()
  expect(await orAborted(signal, async () => 1)).toBe(1)
  await expect(orAborted(signal, () => Promise.reject(reason))).rejects.toBe(reason)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

it('work that does not heed its signal is left as soon as that aborts, and is not begun after it', async () => {
  const controller = new AbortController()
  let begun = 0
  const never = (): Promise<never> => {
    begun += 1
    return new Promise(() => {})
  }
  const left = orAborted(controller.signal, never)
  controller.abort(reason)
  await expect(left).rejects.toBe(reason)
  await expect(orAborted(controller.signal, never)).rejects.toBe(reason)
  expect(begun).toBe(1)
})
