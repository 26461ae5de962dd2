/** Tools whose arguments are alternatives: providers take an object at the top of a schema, and nothing beside its type. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { jsonSchemaOf } from '../../shared/agent/given-schema.ts'
import type { Json } from '../../shared/domain/json.ts'
import { checkOf } from '../../shared/host/model/check-json.ts'
import { ask, playScene, WIRES } from '../support/models/asking.ts'
import { ScriptedServer } from '../support/models/scripted-server.ts'

let server: ScriptedServer
beforeAll(async () => {
  server = await ScriptedServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

const BY_ID = z.object({ by: z.literal('id'), id: z.string() })
const BY_NAME = z.object({ by: z.literal('name'), value: z.string() })
type Tree = { by: string; children?: Tree[] | undefined }
const TREE: z.ZodType<Tree> = z.lazy(() => z.object({ by: z.string(), children: z.array(TREE).optional() }))
const BRANCHES = [{ type: 'object', properties: { by: { const: 'id' } }, required: ['by'] }]

const SCHEMAS: [string, object, Json][] = [
  ['z.object', BY_ID, { by: 'id', id: '17' }],
  ['z.discriminatedUnion', z.discriminatedUnion('by', [BY_ID, BY_NAME]), { by: 'name', value: 'Ada' }],
  ['z.union', z.union([BY_ID, BY_NAME]), { by: 'id', id: '17' }],
  ['z.intersection', BY_ID.and(z.object({ n: z.number() })), { by: 'id', id: '17', n: 1 }],
  ['an object that contains itself', TREE, { by: 'a', children: [{ by: 'b' }] }],
  ['anyOf beside a type', { type: 'object', anyOf: BRANCHES }, { by: 'id' }],
  ['anything', {}, { by: 'id' }],
]
/** A model that follows a schema fills its one member, where it has but that. */
const followed = (schema: unknown, input: Json): Json => {
  const { properties = {} } = schema as { properties?: object }
  return Object.keys(properties).join() === 'value' ? { value: input } : input
}

describe.each(WIRES)('the tools of a model of $name', (wire) => {
  it.each(SCHEMAS)('may take %s', async (_what, given, input) => {
    const schema = jsonSchemaOf(given, 'tool "find"')
    const tools = [{ name: 'find', description: 'finds', schema }]
    const text = { scene: { parts: [{ text: 'ok' }] }, request: { tools }, settings: {} }
    const [told] = (await playScene(wire, server, text)).heard.tools
    expect(told?.schema).toMatchObject({ type: 'object' })
    for (const keyword of ['anyOf', 'oneOf', 'allOf', '$ref'])
      expect(told?.schema).not.toHaveProperty(keyword)
    // As the schema is told, and as the tool means it: both are calls of the tool.
    for (const made of [followed(told?.schema, input), input]) {
      const parts = [{ id: 'c1', name: 'find', arguments: JSON.stringify(made) }]
      const { answer } = await playScene(wire, server, { ...text, scene: { parts, finish: 'tools' } })
      expect(answer.parts).toMatchObject([{ kind: 'tool-call', name: 'find', input }])
      expect(checkOf(schema, 'tool "find"')(input)).toEqual({ value: input })
      // The history has the call as the model was told to make it.
      const messages = [
        ...ask().messages,
        { role: 'assistant' as const, parts: answer.parts },
        {
          role: 'user' as const,
          parts: [{ kind: 'tool-result' as const, id: 'c1', name: 'find', output: 'ok' }],
        },
      ]
      const { heard } = await playScene(wire, server, { ...text, request: { tools, messages } })
      const sent = JSON.stringify(heard.messages).replaceAll('\\"', '"')
      expect(sent).toContain(JSON.stringify(followed(told?.schema, input)))
    }
  })
})
