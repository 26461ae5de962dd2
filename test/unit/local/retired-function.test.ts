import { expect, it } from 'vitest'
import { makeFunction } from '../../support/cloud/fake-sandboxes.ts'

const refused = { functionError: { errorMessage: expect.stringContaining('the function was removed') } }

it('lets the running invocations of a removed function end, and begins no new one (sandbox/L8)', async () => {
  const { one, opened } = makeFunction()
  const running = one.invoke('running')
  opened[0]?.events.message({ kind: 'ready' })
  let isRetired = false
  const retired = one.retire().then(() => {
    isRetired = true
  })
  expect(await one.invoke('late')).toMatchObject(refused)
  one.warm()
  expect(opened.map(({ invoked }) => invoked)).toEqual([['running']])
  expect(isRetired).toBe(false)
  opened[0]?.answer('"done"')
  expect(await running).toEqual({ payload: '"done"' })
  await retired
})

it('ends a removed function at once if nothing runs, and its invocations when the local cloud stops', async () => {
  await makeFunction().one.retire()
  const { one, opened } = makeFunction()
  const running = one.invoke('running')
  opened[0]?.events.message({ kind: 'ready' })
  const retired = one.retire()
  await one.stop()
  expect(await running).toMatchObject({
    functionError: { errorMessage: expect.stringContaining('the local cloud was stopped') },
  })
  await retired
})
