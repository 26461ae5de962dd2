import { describe, expect, it } from 'vitest'
import { type Authorizer, Authorizers } from '../../../local/gateway/authorizers.ts'
import type { Invocation } from '../../../local/lambda/function-settings.ts'

const AUTHORIZER: Authorizer = {
  id: 'one',
  functionArn: 'arn',
  identitySources: ['$request.header.Authorization'],
  ttlSeconds: 60,
}
const simple = (answer: unknown): Invocation => ({ payload: JSON.stringify(answer) })

function start(answer: (source: string) => Invocation) {
  const time = { now: 0 }
  const asked: string[] = []
  const authorizers = new Authorizers({
    now: () => time.now,
    invoke: async (_arn, payload) => {
      const { identitySource, type, version } = JSON.parse(payload)
      expect({ type, version }).toEqual({ type: 'REQUEST', version: '2.0' })
      asked.push(identitySource[0])
      return answer(identitySource[0])
    },
  })
  const ask = (authorization?: string, authorizer = AUTHORIZER) =>
    authorizers.ask(
      authorizer,
      { headers: authorization === undefined ? {} : { authorization }, query: new URLSearchParams('key=k') },
      {},
    )
  return { time, asked, ask }
}

describe('an authorizer of the gateway', () => {
  it('is not asked without an identity source (authorizer/A1)', async () => {
    const { ask, asked } = start(() => simple({ isAuthorized: true }))
    for (const missing of [undefined, '']) expect(await ask(missing)).toEqual({ status: 401 })
    expect(asked).toEqual([])
    const byQuery = { ...AUTHORIZER, identitySources: ['$request.querystring.key'] }
    expect(await ask(undefined, byQuery)).toEqual({ context: {} })
    expect(asked).toEqual(['k'])
  })

  it('is asked once within its time for each value, also where it has refused (authorizer/A2)', async () => {
    const { ask, asked, time } = start((source) =>
      simple({ isAuthorized: source !== 'no', context: { source } }),
    )
    for (const at of [0, 59_999]) {
      time.now = at
      expect(await ask('a')).toEqual({ context: { source: 'a' } })
      expect(await ask('b')).toEqual({ context: { source: 'b' } })
      expect(await ask('no')).toEqual({ status: 403 })
    }
    expect(asked).toEqual(['a', 'b', 'no'])
    time.now = 60_000
    await ask('a')
    expect(asked).toHaveLength(4)
  })

  it('is asked each time where its time is 0, and after an error (authorizer/A2)', async () => {
    const { ask, asked } = start((source) =>
      source === 'fails'
        ? { functionError: { errorType: 'Error', errorMessage: 'no', trace: [] } }
        : simple({ isAuthorized: true }),
    )
    for (let times = 0; times < 2; times++) {
      expect(await ask('fails')).toEqual({ status: 500 })
      await ask('a', { ...AUTHORIZER, ttlSeconds: 0 })
    }
    expect(asked).toEqual(['fails', 'a', 'fails', 'a'])
  })

  it.each([[{}], ['text'], [null], [{ isAuthorized: 'true' }], [{ isAuthorized: true, context: 5 }]])(
    'has failed where its answer is %j (authorizer/A3)',
    async (answer) => {
      expect(await start(() => simple(answer)).ask('a')).toEqual({ status: 500 })
    },
  )

  it('keeps a bounded number of answers', async () => {
    const { ask, asked } = start(() => simple({ isAuthorized: true }))
    for (let at = 0; at <= 1_000; at++) await ask(`t${at}`)
    await ask('t1000')
    expect(asked).toHaveLength(1_001)
    await ask('t0')
    expect(asked).toHaveLength(1_002)
  })
})
