import fc from 'fast-check'
import { expect, test } from 'vitest'
import { modelsOf } from '../../../functions/adapters/models/models.ts'
import { toolNames } from '../../../functions/adapters/models/tool-names.ts'
import type { ModelSettings } from '../../../shared/domain/model-settings.ts'
import { ask, failureOf, most } from '../../support/models/asking.ts'
import { DEFAULT } from '../../support/models/wire.ts'

const settings = (provider: ModelSettings['provider']): ModelSettings => ({
  provider,
  id: `id of ${provider}`,
  structured: 'tool',
  contextTokens: 8_000,
})
const STAGE = { default: settings('bedrock'), local: settings('openai-compatible') }

test('a model is asked by the adapter of its provider, which is loaded with the first call, once', async () => {
  const loaded: string[] = []
  const load = (provider: string) => async () => {
    loaded.push(provider)
    return {
      createModel: ({ name, id }: { name: string; id: string }) => ({
        generate: async () => ({
          parts: [{ kind: 'text' as const, text: name }],
          finish: 'stop' as const,
          usage: { inputTokens: 1, outputTokens: 1 },
          modelId: id,
        }),
      }),
    }
  }
  const models = modelsOf(STAGE, { bedrock: load('bedrock'), 'openai-compatible': load('openai') })
  expect(loaded).toEqual([])
  const [first] = await Promise.all([models.generate(ask()), models.generate(ask())])
  expect(first).toMatchObject({ parts: [{ text: 'default' }], modelId: 'id of bedrock' })
  expect(loaded).toEqual(['bedrock'])
  expect(await models.generate(ask({ model: 'local' }))).toMatchObject({ modelId: 'id of openai-compatible' })
  expect(await models.count(ask({ model: 'local' }))).toBe(most(ask()).inputTokens)
})

test('a name that is not configured, and a provider whose adapter the bundle has not, are told with the setting', async () => {
  const models = modelsOf(STAGE, {})
  expect(await failureOf(models.generate(ask({ model: 'defalt' })))).toMatchObject({
    name: 'ConfigError',
    message: expect.stringMatching(/configure `models\.defalt`; did you mean "default"/),
  })
  expect(await failureOf(models.generate(ask({ model: 'constructor' })))).toMatchObject({
    name: 'ConfigError',
  })
  expect(await failureOf(models.generate(ask()))).toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining('no adapter for bedrock'),
  })
})

test('an adapter that could not be made is made again', async () => {
  let times = 0
  const createModel = async () => {
    times += 1
    throw new Error('no secret')
  }
  const models = modelsOf(STAGE, { bedrock: async () => ({ createModel }) })
  await expect(models.generate(ask())).rejects.toThrow('no secret')
  await expect(models.generate(ask())).rejects.toThrow('no secret')
  expect(times).toBe(2)
})

test('names of tools are what providers take, different from each other, and found again', () => {
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 80 }),
    fc.constantFrom('a.b', 'a_b', 'a/b', 'a_b_2'),
  )
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 12 }), (names) => {
      const tools = names.map((one) => ({ name: one, description: '', schema: {} }))
      const { toWire, fromWire } = toolNames({ ...DEFAULT, provider: 'bedrock' }, ask({ tools }))
      const wire = names.map(toWire)
      expect(new Set(wire).size).toBe(names.length)
      expect(wire.filter((one) => !/^[\w-]{1,64}$/.test(one))).toEqual([])
      expect(wire.map(fromWire)).toEqual(names)
      for (const one of names) if (/^[\w-]{1,64}$/.test(one)) expect(toWire(one)).toBe(one)
    }),
  )
})
