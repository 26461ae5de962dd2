import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { requireCall, requireLoop } from '../../../../shared/host/model/check-call.ts'

const TOOL = { name: 'a', description: 'd', schema: {}, run: async () => null }
const CALL = { prompt: 'x', maxOutputTokens: 9 }
const LOOP = { ...CALL, tools: [TOOL] }
const { run: _, ...DECLARED } = TOOL

/** What people write who come from elsewhere, and what each is told. */
const CALLS: [string, unknown, string][] = [
  ['a text alone', 'hello', 'the call is "hello"'],
  ['nothing', undefined, 'is required; it must be an object {prompt?'],
  [
    'another name of the most tokens',
    { prompt: 'x', maxTokens: 9 },
    'has no "maxTokens"; did you mean "maxOutputTokens"?',
  ],
  ['an option that there is not', { ...CALL, temperature: 0 }, 'has no "temperature"'],
  ['a schema in place of an answer', { ...CALL, schema: z.object({}) }, 'did you mean "answer"?'],
  [
    'a schema as the answer',
    { ...CALL, answer: z.object({}) },
    "it is a schema; it must be { name: '...', schema }",
  ],
  ['an answer without a name', { ...CALL, answer: { schema: {} } }, 'answer.name: is required'],
  [
    'messages of OpenAI',
    { messages: [{ role: 'user', content: 'hi' }], maxOutputTokens: 9 },
    'messages[0].parts: is required',
  ],
  [
    'a system message',
    { messages: [{ role: 'system', parts: [] }], maxOutputTokens: 9 },
    'messages[0].role: role is "system"; it must be one of',
  ],
  [
    'a part of another kind',
    { messages: [{ role: 'user', parts: [{ type: 'text' }] }], maxOutputTokens: 9 },
    'messages[0].parts[0].kind: is required',
  ],
  ['tools as a map', { ...CALL, tools: { a: DECLARED } }, 'tools is'],
  ['a place that there is not', { ...CALL, cacheAfter: 'tool' }, 'cacheAfter is "tool"; it must be one of'],
]
const LOOPS: [string, unknown, string][] = [
  ['no tools', CALL, 'tools: is required'],
  ['a tool that cannot run', { ...CALL, tools: [DECLARED] }, 'tools[0].run: '],
  ['a tool without a name', { ...CALL, tools: [{ ...TOOL, name: undefined }] }, 'tools[0].name: is required'],
  [
    'a function by another name',
    { ...CALL, tools: [{ ...DECLARED, execute: async () => null }] },
    'tools[0].run: ',
  ],
  ['steps for turns', { ...LOOP, maxSteps: 3 }, 'did you mean "maxTurns"?'],
  [
    'two tools of one name',
    { ...CALL, tools: [TOOL, { ...TOOL, name: 'b' }, TOOL] },
    'tools[2].name is "a", as that of tools[0] is',
  ],
]

describe('a call of a model', () => {
  it.each([
    CALL,
    { ...CALL, tools: [TOOL], system: ['a', 'b'], model: undefined, grows: false, onText: () => {} },
    {
      maxOutputTokens: 9,
      messages: [{ role: 'assistant', parts: [{ kind: 'opaque', from: 'm', data: {} }] }],
    },
    { ...CALL, answer: { name: 'a', schema: z.object({}) }, cacheAfter: 'tools' },
  ])('may be %o', (call) => expect(() => requireCall(call)).not.toThrow())

  it.each(CALLS)('is told what is wrong with it: %s', (_what, call, told) => {
    expect(() => requireCall(call)).toThrow(TypeError)
    expect(() => requireCall(call)).toThrow(told)
    expect(() => requireCall(call)).toThrow(/^context\.model\.generate: /)
  })
})

describe('a loop of a model and its tools', () => {
  it.each([LOOP, { ...LOOP, maxTurns: 3, key: 'k', tools: [] }, { ...CALL, tools: [{ ...TOOL, mine: 1 }] }])(
    'may be %o',
    (loop) => expect(() => requireLoop(loop)).not.toThrow(),
  )
  it.each(LOOPS)('is told what is wrong with it: %s', (_what, loop, told) => {
    expect(() => requireLoop(loop)).toThrow(TypeError)
    expect(() => requireLoop(loop)).toThrow(told)
  })
})
