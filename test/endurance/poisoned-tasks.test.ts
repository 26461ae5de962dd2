import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeAltered, replaceAgent } from '../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'

let api: LocalApi
beforeAll(async () => {
  api = await startApi({
    assembly: await replaceAgent('echo', join(import.meta.dirname, '../support/agents/bomb-agent.ts')),
  })
})
afterAll(async () => {
  await api?.stop()
  removeAltered()
})

const run = async (input: object) => {
  const steps = { a: { capability: 'echo', input: { ...input } } }
  const { taskId } = await api.submitOwn({ name: 'poisoned', steps }, {})
  return api.ended(taskId)
}

describe('a task whose agent ends its process', () => {
  it.each([
    ['aborts', 'Runtime.ExitError'],
    ['fills buffers', 'Runtime.OutOfMemory'],
    ['makes a list of ten million, and again', 'Runtime.OutOfMemory'],
  ])('that %s fails by name; those beside it, and the API, do not notice', async (bomb, name) => {
    const beside = Promise.all(Array.from({ length: 4 }, () => run({ milliseconds: 400 })))
    const poisoned = await run({ bomb, milliseconds: 100 })
    expect(poisoned).toMatchObject({ status: 'failed' })
    expect(JSON.stringify(poisoned)).toContain(name)
    expect((await beside).map(({ status }) => status)).toEqual(Array(4).fill('succeeded'))
    expect(await run({})).toMatchObject({ status: 'succeeded' })
  })
})
