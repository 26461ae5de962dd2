import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { jobServer } from '../../support/agents/job-server.ts'
import { removeAltered, replaceAgent } from '../../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const AGENT = join(import.meta.dirname, '../../support/agents/job-agent.ts')

let api: LocalApi
let outside: Awaited<ReturnType<typeof jobServer>>
beforeAll(async () => {
  outside = await jobServer()
  api = await startApi({ assembly: await replaceAgent('http', AGENT) })
})
afterAll(async () => {
  await api.stop()
  outside.stop()
  removeAltered()
})

const callbackOf = (input: string) =>
  vi.waitFor(
    () => {
      const url = outside.told.find((one) => one.input === input)?.callback?.url
      if (url === undefined) throw new Error(`no job ${input} has begun`)
      return url
    },
    { timeout: 20_000 },
  )

describe('callbacks over HTTP, on the local cloud (callback/C2, callback/C3)', () => {
  it('resume the step whose agent waits for them, without a credential', async () => {
    const taskId = await api.submit('long_job', { url: outside.url, input: 'first' })
    const url = await callbackOf('first')
    expect(url.startsWith(`${api.apiUrl}/api/v1/callbacks/ocb_`)).toBe(true)
    await vi.waitFor(async () => {
      const { body } = await api.call('GET', `/tasks/${taskId}`)
      expect(body).toMatchObject({
        status: 'waiting',
        steps: [{ stepId: 'job', status: 'waiting', waitsFor: { kind: 'callback', number: 1 } }],
      })
    })
    expect(await outside.answer(`${url}/heartbeat`, {})).toMatchObject({ status: 200 })
    const accepted = { taskId, stepId: 'job', accepted: true }
    expect(await outside.answer(url, { output: { size: 1 } })).toEqual({ status: 200, body: accepted })
    expect(await outside.answer(url, { output: { size: 1 } })).toEqual({ status: 200, body: accepted })
    expect(await outside.answer(url, { output: 2 })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('another answer came first') },
    })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toEqual({ by: 'callback', output: { size: 1 } })
    expect(outside.told.filter(({ input, resumed }) => input === 'first' && resumed)).toHaveLength(1)
  })

  it.each<[string, (url: string) => string, unknown, number]>([
    ['a secret that is wrong', (url) => url.slice(0, -3), { output: 1 }, 404],
    ['no token', (url) => url.replace(/ocb_.*/, 'x'), { output: 1 }, 404],
    ['neither output nor error', (url) => url, {}, 400],
    ['both', (url) => url, { output: 1, error: { name: 'a', message: 'b' } }, 400],
    ['no object', (url) => url, [1], 400],
    ['an error without a name', (url) => url, { error: { message: 'x' } }, 400],
    ['more than it may bring', (url) => url, { output: 'x'.repeat(300_000) }, 400],
  ])('are refused with %s', async (_, change, body, status) => {
    const input = `refused ${status} ${String(_)}`
    const taskId = await api.submit('long_job', { url: outside.url, input })
    const url = await callbackOf(input)
    const refused = await outside.answer(change(url), body)
    expect([refused.status, refused.body.detail]).toEqual([status, expect.any(String)])
    await api.call('POST', `/tasks/${taskId}/cancel`, { reason: 'done' })
    expect(await outside.answer(url, { output: 1 })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining(`task ${taskId} is cancelled`) },
    })
  })

  it('are never in a log', () => {
    const secrets = outside.told.flatMap(({ callback }) => callback?.token.slice(-43) ?? [])
    expect(secrets.length).toBeGreaterThan(5)
    const logs = api.logs.join('')
    for (const secret of secrets) expect(logs).not.toContain(secret)
  })
})
