import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask, failureOf, most, PLAIN, playScene, SCHEMA, TOLD } from '../support/models/asking.ts'
import { bedrockWire } from '../support/models/bedrock-wire.ts'
import { openaiWire } from '../support/models/openai-wire.ts'
import { type Pieces, ScriptedServer } from '../support/models/scripted-server.ts'

let server: ScriptedServer
beforeAll(async () => {
  server = await ScriptedServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

/** The body of the first request. */
const body = (): Record<string, unknown> => server.asked[0]?.body ?? {}

const TOOLS = [{ name: 'look', description: 'looks', schema: SCHEMA }]
const json = (status: number, value: unknown): Pieces => ({
  status,
  headers: { 'content-type': 'application/json' },
  pieces: [Buffer.from(JSON.stringify(value))],
})

describe('Bedrock', () => {
  /** Where the request has a cache point: after which text, tool or message. */
  async function cachePoints(id: string, cacheAfter: 'tools' | 'system' | 'messages') {
    await playScene(bedrockWire, server, {
      scene: PLAIN,
      request: { tools: TOOLS, cacheAfter },
      settings: { id },
    })
    const { system, messages, toolConfig } = body() as {
      system: object[]
      messages: { content: object[] }[]
      toolConfig: { tools: object[] }
    }
    const places = { tools: toolConfig.tools, system, messages: messages.at(-1)?.content ?? [] }
    return Object.entries(places).flatMap(([place, parts]) =>
      parts.flatMap((part, index) => ('cachePoint' in part ? [`${place} ${index} of ${parts.length}`] : [])),
    )
  }

  it('caches what a model can cache, up to the place that is asked for', async () => {
    const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
    expect(await cachePoints(claude, 'tools')).toEqual(['tools 1 of 2'])
    expect(await cachePoints(claude, 'system')).toEqual(['system 1 of 2'])
    expect(await cachePoints(claude, 'messages')).toEqual(['messages 1 of 2'])
    expect(await cachePoints('amazon.nova-lite-v1:0', 'tools')).toEqual([])
    expect(await cachePoints('amazon.nova-lite-v1:0', 'system')).toEqual(['system 1 of 2'])
    expect(await cachePoints('meta.llama3-1-8b-instruct-v1:0', 'system')).toEqual([])
  })

  it('holds a closed schema of a tool strictly where it may, and declares tools that only the messages name', async () => {
    const strict = async (structured: 'native' | 'tool', schema: object) => {
      const tools = [{ ...TOOLS[0], name: 'look', description: '', schema: { ...schema } }]
      await playScene(bedrockWire, server, { scene: PLAIN, request: { tools }, settings: { structured } })
      const { toolConfig } = body() as { toolConfig: { tools: { toolSpec: object }[] } }
      return toolConfig.tools[0]?.toolSpec
    }
    expect(await strict('native', SCHEMA)).toMatchObject({ name: 'look', description: 'look', strict: true })
    expect(await strict('native', { type: 'object' })).not.toHaveProperty('strict')
    expect(await strict('tool', SCHEMA)).not.toHaveProperty('strict')
    const messages = [
      { role: 'user' as const, parts: [{ kind: 'text' as const, text: 'Go' }] },
      {
        role: 'assistant' as const,
        parts: [{ kind: 'tool-call' as const, id: '1', name: 'a.b', input: {} }],
      },
      { role: 'user' as const, parts: [{ kind: 'tool-result' as const, id: '1', name: 'a.b', output: '' }] },
    ]
    const { heard } = await playScene(bedrockWire, server, {
      scene: PLAIN,
      request: { messages },
      settings: {},
    })
    expect(heard.tools).toEqual([{ name: 'a_b', schema: { type: 'object' } }])
  })

  it('counts tokens where it counts them for the model; else it is told once, and the most is counted', async () => {
    const model = bedrockWire.model(server.url)
    server.script(json(200, { inputTokens: 12 }))
    expect(await model.count?.(ask({ tools: TOOLS }))).toBe(12)
    expect(server.asked[0]?.path).toBe('/model/model-1/count-tokens')
    server.script(bedrockWire.failure(503, 'ServiceUnavailableException'))
    expect(await failureOf(model.count?.(ask()) ?? Promise.resolve())).toMatchObject({
      name: 'ModelThrottledError',
    })
    // Refused for another reason, it is asked again.
    server.script(json(400, { message: 'The text is odd' }), json(200, { inputTokens: 12 }))
    expect(await model.count?.(ask())).toBe(most(ask()).inputTokens)
    expect(await model.count?.(ask())).toBe(12)
    server.script(json(400, { message: "The provided model doesn't support counting tokens." }))
    for (let time = 0; time < 3; time++) expect(await model.count?.(ask())).toBe(most(ask()).inputTokens)
    expect(server.asked).toHaveLength(1)
  })

  it('asks a model for the whole at once that does not stream, and tells its text then', async () => {
    const model = bedrockWire.model(server.url)
    const refusal = {
      ...json(400, { message: "This model doesn't support tool use in streaming mode." }),
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' },
    }
    for (const answers of [[refusal, bedrockWire.answer(PLAIN)], [bedrockWire.answer(PLAIN)]]) {
      const deltas: string[] = []
      server.script(...answers)
      const { parts } = await model.generate(ask({ onText: (delta) => deltas.push(delta) }))
      expect(parts).toEqual([{ kind: 'text', text: deltas.join('') }])
      expect(server.asked).toHaveLength(answers.length)
    }
  })

  it('knows an error by its name where the status says less', async () => {
    for (const [code, name] of [
      ['ThrottlingException', 'ModelThrottledError'],
      ['AccessDeniedException', 'ModelRefusedError'],
      ['ModelTimeoutException', 'ModelTimedOutError'],
    ] as const) {
      server.script(bedrockWire.failure(400, code))
      expect(await failureOf(bedrockWire.model(server.url).generate(ask()))).toMatchObject({ name })
    }
  })
})

describe('An OpenAI-compatible server', () => {
  const generate = (request = ask()) => openaiWire.model(server.url).generate(request)

  it('gets the key, and no word of it is in an error', async () => {
    server.script(
      json(401, { error: { message: 'Incorrect API key provided: the-key', code: 'no-the-key' } }),
    )
    const failure = await failureOf(generate())
    expect(server.asked[0]?.headers.authorization).toBe('Bearer the-key')
    expect(failure).toMatchObject({
      name: 'ModelRefusedError',
      message: expect.stringContaining('`models.default.secret` in the stage'),
    })
    expect(JSON.stringify(failure)).not.toMatch(/the-key|Hello|Be brief/)
  })

  it('is not throttled, but refuses, where the account has no credit', async () => {
    server.script(json(429, { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } }))
    expect(await failureOf(generate())).toMatchObject({
      name: 'ModelRefusedError',
      message: expect.stringContaining('has no credit left'),
    })
  })

  it('may tell the status of an error in its stream', async () => {
    const { headers, pieces } = openaiWire.stream(PLAIN)
    const error = Buffer.from('data: {"error":{"code":429,"message":"slow down"}}\n\n')
    server.script({ headers, pieces: [...pieces.slice(0, 2), error] })
    expect(await failureOf(generate(ask({ onText: () => undefined })))).toMatchObject({
      name: 'ModelThrottledError',
      details: { status: 429, usage: { estimated: true } },
    })
  })

  it('cannot send the prompt and the key elsewhere by a redirect', async () => {
    const elsewhere: string[] = []
    const other = createServer((incoming, outgoing) => {
      elsewhere.push(incoming.url ?? '')
      outgoing.end('{}')
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const location = `http://127.0.0.1:${(other.address() as { port: number }).port}/`
    server.script({ status: 307, headers: { location }, pieces: [] })
    expect(await failureOf(generate())).toMatchObject({
      name: 'ModelRefusedError',
      message: expect.stringContaining('correct `models.default.url`'),
    })
    expect(elsewhere).toEqual([])
    other.closeAllConnections()
    other.close()
  })

  it('that is OpenAI itself is told the most tokens by the name that its newer models take', async () => {
    const sent: [string, Record<string, unknown>][] = []
    const wire = openaiWire.answer(PLAIN)
    vi.stubGlobal('fetch', async (url: string, { body }: { body: string }) => {
      sent.push([url, JSON.parse(body)])
      return new Response(Buffer.concat(wire.pieces), { headers: wire.headers })
    })
    try {
      for (const url of ['https://api.openai.com/v1', 'https://api.openai.com.example.org/v1'])
        await openaiWire.model('', { url }).generate(ask())
    } finally {
      vi.unstubAllGlobals()
    }
    expect(
      sent.map(([url, { max_tokens, max_completion_tokens }]) => [url, max_tokens, max_completion_tokens]),
    ).toEqual([
      ['https://api.openai.com/v1/chat/completions', undefined, 64],
      ['https://api.openai.com.example.org/v1/chat/completions', 64, undefined],
    ])
  })

  it('may leave thoughts beside the answer, which are no part of it', async () => {
    const choices = [
      { message: { role: 'assistant', content: 'Yes.', reasoning: 'Hm.' }, finish_reason: 'stop' },
    ]
    server.script(
      json(200, { model: 'model-1', choices, usage: { prompt_tokens: 120, completion_tokens: 9 } }),
    )
    const { requestId: _none, ...told } = TOLD
    expect(await generate()).toEqual({ parts: [{ kind: 'text', text: 'Yes.' }], finish: 'stop', ...told })
  })

  it('that tells no model and a usage of zeros is charged as an estimate', async () => {
    const choices = [{ message: { content: 'Yes.' }, finish_reason: 'stop' }]
    server.script(json(200, { choices, usage: { prompt_tokens: 0, completion_tokens: 0 } }))
    expect(await generate()).toMatchObject({ modelId: 'model-1', usage: most(ask()) })
  })
})
