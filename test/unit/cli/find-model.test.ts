import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { findModel } from '../../../cli/dev/models/find-model.ts'
import { useModel } from '../../../cli/dev/models/use-model.ts'
import { ModelSettingsSchema } from '../../../shared/domain/model-settings.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that answers these paths with JSON, and all others with 404. */
const answering = (paths: Record<string, unknown>): Promise<string> =>
  listening((request, response) => {
    const answer = paths[request.url ?? '']
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(text)
  })

/** An address at which nothing listens. */
async function nowhere(): Promise<string> {
  const address = await listening(() => {})
  servers.at(-1)?.close()
  return address
}

const found = async (where: Parameters<typeof findModel>[0]) =>
  (await findModel({ milliseconds: 3_000, ...where })).found
const usually = async (ollama?: string, llamaCpp?: string) =>
  found({ usual: { ollama: ollama ?? (await nowhere()), llamaCpp: llamaCpp ?? (await nowhere()) } })

const show = (more: object = {}) => ({
  capabilities: ['completion', 'tools'],
  model_info: { 'general.architecture': 'llama', 'llama.context_length': 131_072 },
  ...more,
})
const ollamaWith = (names: string[], more: Record<string, unknown> = {}) =>
  answering({
    '/api/tags': { models: names.map((name) => ({ name })) },
    '/api/ps': { models: [] },
    '/api/show': show(),
    ...more,
  })

describe('Ollama', () => {
  it('is taken with its newest model, at no cost and with the context that it gives by default', async () => {
    const address = await ollamaWith(['llama3.2:3b', 'qwen3:8b'])
    expect(await usually(address)).toEqual({
      server: 'Ollama',
      assumesContext: false,
      settings: {
        provider: 'openai-compatible',
        id: 'llama3.2:3b',
        url: `${address}/v1`,
        structured: 'native',
        contextTokens: 4_096,
        price: { input: 0, output: 0 },
      },
    })
  })

  it.each([
    [
      'a running model, with the context that it runs with',
      { '/api/ps': { models: [{ name: 'b', context_length: 32_768 }] } },
      'b',
      32_768,
    ],
    [
      'the context that a model is set up with',
      { '/api/show': show({ parameters: 'stop "x"\nnum_ctx                        16384\n' }) },
      'a',
      16_384,
    ],
    [
      'the context of a model that has less',
      { '/api/show': show({ model_info: { 'general.architecture': 'gpt2', 'gpt2.context_length': 1_024 } }) },
      'a',
      1_024,
    ],
    [
      'models of an older server, which does not say what they can do',
      { '/api/show': {}, '/api/ps': '404' },
      'a',
      4_096,
    ],
  ])('takes %s', async (_what, answers, id, contextTokens) => {
    expect((await usually(await ollamaWith(['a', 'b'], answers)))?.settings).toMatchObject({
      id,
      contextTokens,
    })
  })

  it('takes no model that makes embeddings only', async () => {
    const address = await listening(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      const capabilities = body.includes('embed') ? ['embedding'] : ['completion']
      response.end(
        JSON.stringify(
          request.url === '/api/show'
            ? { capabilities }
            : { models: [{ name: 'nomic-embed' }, { name: 'chat' }] },
        ),
      )
    })
    expect((await usually(address))?.settings.id).toBe('chat')
  })

  it('without any model is none', async () => {
    expect(await usually(await ollamaWith([]))).toBeUndefined()
  })
})

describe('llama.cpp', () => {
  const paths = {
    '/props': { default_generation_settings: { n_ctx: 2_048 } },
    '/v1/models': { data: [{ id: 'tiny.gguf' }] },
  }

  it('is taken with its model and the context of a slot', async () => {
    const address = await answering(paths)
    expect(await usually(undefined, address)).toMatchObject({
      server: 'llama.cpp',
      settings: { id: 'tiny.gguf', url: `${address}/v1`, contextTokens: 2_048 },
    })
  })

  it('is taken after Ollama', async () => {
    expect((await usually(await ollamaWith(['a']), await answering(paths)))?.server).toBe('Ollama')
  })
})

describe('another server at one of their ports', () => {
  it.each<[string, RequestListener]>([
    ['pages', (_, response) => response.end('<html>')],
    ['JSON of another kind', (_, response) => response.end('[{"models": 1}, null]')],
    [
      'members of wrong types',
      (_, response) =>
        response.end(
          '{"models": {"name": 3}, "data": [null, 7], "default_generation_settings": {"n_ctx": "x"}}',
        ),
    ],
    ['redirects', (_, response) => response.writeHead(302, { location: 'http://192.0.2.1/' }).end()],
    ['errors', (_, response) => response.writeHead(500).end('{"models":[{"name":"a"}]}')],
    [
      'half an answer',
      (_, response) => response.writeHead(200, { 'content-length': '99' }).end('{"models":['),
    ],
  ])('that answers with %s is none', async (_what, listener) => {
    const address = await listening(listener)
    expect(await usually(address, address)).toBeUndefined()
  })

  it.each<[string, RequestListener]>([
    ['that never answers', () => {}],
    ['that never ends its answer', (_, response) => void response.writeHead(200).write('{"models":[')],
  ])('%s is given up in time', async (_what, listener) => {
    const address = await listening(listener)
    const from = performance.now()
    expect(await findModel({ milliseconds: 100, usual: { ollama: address, llamaCpp: address } })).toEqual({})
    expect(performance.now() - from).toBeLessThan(10_000)
  })

  it('has as much time more as this process was too busy to read its answer', async () => {
    const address = await ollamaWith(['a'])
    const search = findModel({ milliseconds: 250, usual: { ollama: address, llamaCpp: address } })
    const until = performance.now() + 500
    while (performance.now() < until);
    expect((await search).found?.settings.id).toBe('a')
  })
})

describe('ORCHESTRATOR_MODEL_URL', () => {
  it.each([
    ['vLLM', { max_model_len: 40_960 }, { contextTokens: 40_960 }, false],
    [
      'LM Studio',
      { loaded_context_length: 6_144, max_context_length: 131_072 },
      { contextTokens: 6_144 },
      false,
    ],
    ['one that does not tell its context', {}, { contextTokens: 8_192 }, true],
  ])('finds %s', async (_what, facts, settings, assumesContext) => {
    const address = await answering({ '/v1/models': { object: 'list', data: [{ id: 'm', ...facts }] } })
    for (const url of [address, `${address}/v1`, `${address}/v1/`])
      expect(await found({ url })).toMatchObject({
        assumesContext,
        settings: { ...settings, id: 'm', url: `${address}/v1` },
      })
  })

  it('keeps the path of a gateway', async () => {
    const address = await answering({ '/team/openai/models': { data: [{ id: 'm' }] } })
    expect((await found({ url: `${address}/team/openai` }))?.settings.url).toBe(`${address}/team/openai`)
  })

  it('takes the model of ORCHESTRATOR_MODEL', async () => {
    const address = await answering({ '/v1/models': { data: [{ id: 'a' }, { id: 'b' }] } })
    expect((await found({ url: address, model: 'b' }))?.settings.id).toBe('b')
    expect((await found({ url: await ollamaWith(['x:7b', 'y:latest']), model: 'y' }))?.settings.id).toBe(
      'y:latest',
    )
  })

  it('gives settings that a stage could have', async () => {
    const address = await answering({ '/v1/models': { data: [{ id: 'm', max_model_len: 10 }] } })
    const { settings } = (await found({ url: address })) ?? {}
    expect(ModelSettingsSchema.parse(settings)).toEqual(settings)
  })

  it.each([
    ['localhost', undefined, 'ORCHESTRATOR_MODEL_URL is "localhost", which is no URL; an example is http'],
    ['ftp://x', undefined, 'which is no URL'],
    [
      'http://u:secret@127.0.0.1:1/v1',
      undefined,
      'ORCHESTRATOR_MODEL_URL is http://127.0.0.1:1/v1: no model was found there',
    ],
    ['http://127.0.0.1:1', 'm', 'no model "m" (ORCHESTRATOR_MODEL) was found there'],
  ])('%s is told to be of no use', async (url, model, problem) => {
    expect((await findModel({ url, model })).problem).toContain(problem)
  })
})

describe('the variables of functions', () => {
  const settings = {
    provider: 'openai-compatible' as const,
    id: 'm',
    url: 'http://127.0.0.1:1/v1',
    structured: 'native' as const,
    contextTokens: 12_345,
  }
  const search = Promise.resolve({ found: { server: 'Ollama', assumesContext: false, settings } })

  it('get the model as default where the function calls models and the stage names none', async () => {
    const { environment, told } = useModel(search)
    expect(await environment('a', { X: '1' })).toEqual({ X: '1' })
    expect(await told()).toBeUndefined()
    const fast = { provider: 'bedrock' }
    const { MODELS = '' } = await environment('b', { MODELS: JSON.stringify({ fast }) })
    expect(JSON.parse(MODELS)).toEqual({ fast, default: settings })
    expect(await told()).toBe(
      'models.default is m of Ollama at http://127.0.0.1:1/v1 (context of 12,345 tokens)',
    )
  })

  it('stay as they are where the stage has a default, or as many models as there may be', async () => {
    const { environment, told } = useModel(search)
    const many = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`m${at}`, {}]))
    for (const models of [{ default: {} }, many]) {
      const variables = { MODELS: JSON.stringify(models) }
      expect(await environment('a', variables)).toEqual(variables)
    }
    expect(await told()).toBeUndefined()
  })

  it('stay as they are where nothing was found, and only a useless address is told', async () => {
    const none = useModel(Promise.resolve({}))
    expect(await none.environment('a', { MODELS: '{}' })).toEqual({ MODELS: '{}' })
    expect(await none.told()).toBeUndefined()
    expect(await useModel(Promise.resolve({ problem: 'x' })).told()).toBe('warning: x')
  })
})
