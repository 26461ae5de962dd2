import { getEventListeners } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
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

it('no other code races with a signal by hand', () => {
  const files = globSync('{shared,functions,testing,cli}/**/*.ts')
  const others = files.filter((file) => readFileSync(file, 'utf8').includes("addEventListener('abort'"))
  expect(others.sort()).toEqual([
    // Ends several works of one call.
    'functions/adapters/models/call-watch.ts',
    // Goes through a stream: one race for each chunk would keep all of them.
    'functions/adapters/s3/parts-of.ts',
    'shared/domain/or-aborted.ts',
  ])
})
