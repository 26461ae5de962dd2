import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import * as z from 'zod'
import type { Generated, Llama } from './llama.ts'

const BodySchema = z.object({
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
  max_tokens: z.number().int().positive(),
  stream: z.boolean().default(false),
  response_format: z
    .object({
      type: z.literal('json_schema'),
      json_schema: z.object({ schema: z.record(z.string(), z.unknown()) }),
    })
    .optional(),
})

export type SmallModelServer = AsyncDisposable & {
  url: string /** Generations that run. */
  running(): number
}

/** OpenAI's chat completions by a model in this process: text, streams, JSON schemas as grammars. A caller that is gone ends its generation. */
export async function serveModel(llama: Llama, id: string): Promise<SmallModelServer> {
  let running = 0
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      if (outgoing.headersSent) return outgoing.destroy()
      outgoing.writeHead(400, JSON_TYPE).end(JSON.stringify({ error: { message: String(error) } }))
    })
  })

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const {
      messages,
      max_tokens: maxTokens,
      stream,
      response_format: format,
    } = BodySchema.parse(await json(incoming))
    const gone = new AbortController()
    outgoing.on('close', () => gone.abort(new Error('the caller is gone')))
    const say = (choice: object, more: object = {}): void =>
      void outgoing.write(
        `data: ${JSON.stringify({ id: 'chat', model: id, choices: [{ index: 0, ...choice }], ...more })}\n\n`,
      )
    if (stream) outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    const of = (role: string): string =>
      messages
        .filter((one) => one.role === role)
        .map(({ content }) => content)
        .join('\n')
    running += 1
    try {
      const ended = await llama.generate({
        system: of('system'),
        prompt: of('user'),
        maxTokens,
        schema: format?.json_schema.schema,
        signal: gone.signal,
        onText: (content) => stream && say({ delta: { role: 'assistant', content }, finish_reason: null }),
      })
      if (!stream) return void outgoing.writeHead(200, JSON_TYPE).end(JSON.stringify(whole(ended, id)))
      say({ delta: {}, finish_reason: ended.finish }, { usage: usageOf(ended) })
      outgoing.end('data: [DONE]\n\n')
    } finally {
      running -= 1
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    running: () => running,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

const whole = (ended: Generated, model: string): object => ({
  id: 'chat',
  model,
  choices: [{ index: 0, message: { role: 'assistant', content: ended.text }, finish_reason: ended.finish }],
  usage: usageOf(ended),
})

const usageOf = ({ inputTokens, outputTokens }: Generated): object => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
})
