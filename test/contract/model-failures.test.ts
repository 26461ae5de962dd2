import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { ask, failureOf, most, PLAIN, TEXT, TOLD, USAGE, WIRES } from '../support/models/asking.ts'
import { ScriptedServer } from '../support/models/scripted-server.ts'
import { MODEL_ID, type Scene } from '../support/models/wire.ts'

const WHOLE = [{ kind: 'text', text: TEXT }]
/** Short, because it is cut at each of its bytes. */
const SHORT: Scene = { parts: [{ text: 'ü🏔' }], usage: USAGE }

/** A call for each byte of an answer. */
const CUTS_MILLISECONDS = 120_000

let server: ScriptedServer
beforeAll(async () => {
  server = await ScriptedServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

describe.each(WIRES)('a call of a model of $name', (wire) => {
  describe.each([false, true])('fails (streamed: %s)', (isStreamed) => {
    const stream = isStreamed ? { onText: () => undefined } : {}
    const reply = (scene: Scene) => (isStreamed ? wire.stream(scene) : wire.answer(scene))
    const fail = async (silence?: number) =>
      failureOf(wire.model(server.url, {}, silence).generate(ask(stream)))
    const of = { model: 'default', modelId: MODEL_ID }

    test.each([
      ['throttled', 429, 'ThrottlingException', 'ModelThrottledError'],
      ['overloaded', 503, 'ServiceUnavailableException', 'ModelThrottledError'],
      ['of a server at fault', 500, 'InternalServerException', 'ModelUnavailableError'],
      ['of a gateway', 502, 'BadGateway', 'ModelUnavailableError'],
      ['of an unknown id', 404, 'ResourceNotFoundException', 'ModelRefusedError'],
      ['denied', 403, 'AccessDeniedException', 'ModelRefusedError'],
      ['of a wrong request', 400, 'ValidationException', 'ModelRefusedError'],
    ])('when %s (%s), after one try', async (_what, status, code, name) => {
      server.script(wire.failure(status, code))
      const failure = await fail()
      expect(failure).toMatchObject({ name, details: { ...of, status, code }, cause: undefined })
      expect(failure.message).toMatch(/^the model "default" \(.*, model-1\) .*the reason/)
      expect(failure.details).not.toHaveProperty('usage')
      expect(failure.details).not.toHaveProperty('retryAfterSeconds')
      expect(server.asked).toHaveLength(1)
    })

    it('and says what to do about an id and an access', async () => {
      server.script(
        wire.failure(404, 'ResourceNotFoundException'),
        wire.failure(403, 'AccessDeniedException'),
      )
      expect((await fail()).message).toContain('correct `models.default.id` in the stage')
      expect((await fail()).message).toMatch(/give this account access|correct the secret/)
    })

    it.each([429, 503])('with the wait that the provider asks for (%i)', async (status) => {
      server.script(wire.failure(status, 'Busy', { 'retry-after': '7' }))
      expect(await fail()).toMatchObject({ name: 'ModelThrottledError', details: { retryAfterSeconds: 7 } })
    })

    it('when nothing comes, and when nothing more comes', async () => {
      server.script('hang')
      expect(await fail(100)).toMatchObject({ name: 'ModelTimedOutError', details: of })
      await server.closed
      expect(server.asked).toHaveLength(1)
      server.script({ of: reply(PLAIN), at: 30, then: 'hang' })
      expect(await fail(100)).toMatchObject({
        name: 'ModelTimedOutError',
        message: expect.stringContaining('nothing has come for 0.1 s'),
      })
      await server.closed
    })

    it('when nothing comes for as long as the request allows', async () => {
      server.script('hang')
      const work = wire.model(server.url).generate(ask({ ...stream, silenceMilliseconds: 100 }))
      expect(await failureOf(work)).toMatchObject({
        name: 'ModelTimedOutError',
        message: expect.stringContaining('nothing has come for 0.1 s'),
      })
      await server.closed
    })

    it(
      'when the connection is lost at any byte, with the most that it can have used (bedrock/B2)',
      async () => {
        const full = reply(SHORT)
        const length = Buffer.concat(full.pieces).length
        for (let at = 0; at < length; at++) {
          server.script({ of: full, at, then: 'break' })
          const failure = await fail()
          expect({
            at,
            name: failure.name,
            usage: failure.details.usage,
            asked: server.asked.length,
          }).toEqual({
            at,
            name: 'ModelUnavailableError',
            usage: most(ask(stream)),
            asked: 1,
          })
        }
      },
      CUTS_MILLISECONDS,
    )

    it(
      'when the answer ends at any byte as if it were whole; or it is WHOLE, but for its usage',
      async () => {
        const full = reply(SHORT)
        const length = Buffer.concat(full.pieces).length
        const ends = new Set<string>()
        for (let at = 0; at < length; at++) {
          server.script({ of: full, at, then: 'end' })
          const ended = await wire
            .model(server.url)
            .generate(ask(stream))
            .catch((error: Error & { details: Record<string, unknown> }) => error)
          if (ended instanceof Error) {
            expect({ at, name: ended.name, usage: ended.details.usage }).toEqual({
              at,
              name: 'ModelUnavailableError',
              usage: most(ask(stream)),
            })
          } else {
            const usage = ended.usage.estimated ? most(ask(stream)) : TOLD.usage
            expect({ at, ...ended }).toEqual({
              at,
              parts: [{ kind: 'text', text: 'ü🏔' }],
              finish: 'stop',
              ...TOLD,
              usage,
            })
          }
          ends.add(ended instanceof Error ? 'error' : 'answer')
        }
        expect(ends).toContain('error')
      },
      CUTS_MILLISECONDS,
    )

    it('when the answer is no JSON, and when it is none at all', async () => {
      for (const body of ['<html>Welcome to the hotel</html>', '', '[]', '{"x":1}', 'null']) {
        server.script({ headers: reply(PLAIN).headers, pieces: [Buffer.from(body)] })
        const ended = await fail()
        expect({ body, name: ended.name }).toEqual({ body, name: 'ModelUnavailableError' })
      }
    })

    it('once only, where the connection was lost before a byte (bedrock/B1)', async () => {
      server.script('reset', reply(PLAIN))
      const answer = await wire.model(server.url).generate(ask(stream))
      expect(answer).toEqual({ parts: WHOLE, finish: 'stop', ...TOLD })
      expect(server.asked).toHaveLength(2)
      server.script('reset')
      expect(await fail()).toMatchObject({ name: 'ModelUnavailableError', details: of })
      expect(server.asked).toHaveLength(2)
    })

    it('where nobody listens, and says where', async () => {
      const gone = await ScriptedServer.start()
      const { url } = gone
      await gone[Symbol.asyncDispose]()
      // The path of an address may hold a key.
      const failure = await failureOf(wire.model(`${url}/key-1`).generate(ask(stream)))
      expect(failure.message).not.toContain('key-1')
      if (wire.name === 'openai-compatible')
        expect(failure.message).toContain(`start the server at ${url}, or correct`)
      expect(failure).toMatchObject({
        name: 'ModelUnavailableError',
        details: { ...of, code: 'ECONNREFUSED' },
      })
      expect(failure.details).not.toHaveProperty('usage')
    })

    it('by the reason of its signal, and closes the connection', async () => {
      const reason = new Error('cancelled')
      const model = wire.model(server.url)
      server.script('hang')
      const before = model.generate(ask({ ...stream, signal: AbortSignal.abort(reason) }))
      await expect(before).rejects.toBe(reason)
      expect(server.asked).toHaveLength(0)
      for (const script of ['hang', { of: reply(PLAIN), at: 40, then: 'hang' }] as const) {
        server.script(script)
        const controller = new AbortController()
        const work = model.generate(ask({ ...stream, signal: controller.signal }))
        await expect.poll(() => server.asked.length).toBe(1)
        controller.abort(reason)
        await expect(work).rejects.toBe(reason)
        await server.closed
      }
    })
  })

  it('fails in the middle of a stream, with the most that it can have used', async () => {
    const { headers, pieces } = wire.stream(PLAIN)
    for (const [code, name] of [
      ['ThrottlingException', 'ModelThrottledError'],
      ['ModelStreamErrorException', 'ModelUnavailableError'],
    ] as const) {
      server.script({ headers, pieces: [...pieces.slice(0, 3), wire.streamError(code, 'the reason')] })
      const request = ask({ onText: () => undefined })
      expect(await failureOf(wire.model(server.url).generate(request))).toMatchObject({
        name,
        message: expect.stringContaining('the reason'),
        details: { usage: most(request) },
      })
    }
  })
})
