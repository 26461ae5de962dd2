import { expect, it } from 'vitest'
import * as z from 'zod'
import * as zod3 from 'zod/v3'
import { defineAgent } from '../../../shared/agent/index.ts'
import { needsModel } from '../../../shared/domain/agent.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'

/** The call as JavaScript makes it, whose mistakes no compiler has seen. */
const define = (changes: object): unknown =>
  Reflect.apply(defineAgent, undefined, [
    {
      id: 'clerk',
      version: '1.0.0',
      description: 'For tests.',
      capabilities: { 'x.y': { description: '', input: z.json(), output: z.json() } },
      execute: async () => null,
      ...changes,
    },
  ])
const takes = (input: unknown): object => ({
  capabilities: { 'x.y': { description: '', input, output: z.json() } },
})

it.each([
  [
    takes(zod3.string()),
    'capabilities["x.y"].input: it is a schema of zod 3 (or of zod/v3); it must be a schema of zod 4',
  ],
  [takes(undefined), 'capabilities["x.y"].input: it is nothing; it must be a schema of zod 4'],
  [
    takes({ type: 'string' }),
    'capabilities["x.y"].input: it is {"type":"string"}; it must be a schema of zod 4',
  ],
  [takes({ '~standard': {} }), 'capabilities["x.y"].input: it is a schema of another library; it must be'],
  [
    { limits: { timeoutSecond: 5 } },
    'limits.timeoutSecond: limits has no "timeoutSecond"; did you mean "timeoutSeconds"?',
  ],
  [{ price: { perCalUsd: 5 } }, 'price.perCalUsd: price has no "perCalUsd"; did you mean "perCallUsd"?'],
  [
    { model: { name: 'm', tokensPerMin: 5 } },
    'model.tokensPerMin: model has no "tokensPerMin"; did you mean',
  ],
  [
    { version: 'one', limits: { timeoutSeconds: -3 } },
    'version: version is "one"; a version is MAJOR.MINOR.PATCH; limits.timeoutSeconds: timeoutSeconds is -3; it must be a whole number from 1 to 840',
  ],
  [{ execute: undefined }, 'execute: it is nothing; it must be a function of (call, context)'],
  [{ capabilities: undefined }, 'capabilities: it is nothing; it must be an object such as'],
  [{ capabilities: { 'x.y': 5 } }, 'capabilities["x.y"]: it is 5; it must be an object such as'],
  [{ needs: { model: ['fast'] } }, 'needs.model: needs has no "model"; did you mean "models"?'],
  [
    { needs: { models: ['Fast'] } },
    'needs.models[0]: models[0] is "Fast"; a name of a model is a-z, 0-9 and',
  ],
  [{ needs: { models: 'fast' } }, 'needs.models: models is "fast"; it must be a list'],
  [
    { needs: { models: ['fast', 'slow', 'fast'] } },
    'needs.models[2]: model "fast" is there twice: needs.models[0] has the same name; leave one of them out',
  ],
  [{ tag: [] }, 'tag: an agent has no "tag"; did you mean "tags"?'],
])('refuses a declaration, naming the place and what would be right: %#', (changes, message) => {
  expect(() => define(changes)).toThrow(OrchestratorError)
  expect(() => define(changes)).toThrow(`agent clerk: ${message}`)
})

it('keeps what an agent needs, and nothing where it needs nothing', () => {
  expect(define({ needs: { models: ['fast', '*'] } })).toHaveProperty('manifest.needs', {
    models: ['fast', '*'],
  })
  expect(define({})).not.toHaveProperty('manifest.needs')
})

it.each([
  [{ models: ['fast'] }, 'fast', true],
  [{ models: ['fast'] }, 'slow', false],
  [{ models: ['*'] }, 'slow', true],
  [{ models: [] }, 'fast', false],
  [undefined, 'fast', false],
])('needs %j: may it ask for %s? %s', (needs, name, may) => {
  expect(needsModel({ needs }, name)).toBe(may)
})

/** A schema of another copy of zod 4: of a class that this package has not loaded, with a version of its own. */
it('takes schemas of another zod 4 that the project has', () => {
  const own = z.object({ n: z.number() })
  const { _zod, '~standard': standard, safeParse } = own
  const foreign = {
    _zod: { ..._zod, version: { major: 4, minor: 0, patch: 17 } },
    '~standard': standard,
    safeParse,
  }
  const agent = defineAgent({
    id: 'clerk',
    version: '1.0.0',
    description: 'For tests.',
    capabilities: { 'x.y': { description: '', input: foreign, output: z.number() } },
    execute: async ({ input }) => input.n,
  })
  expect(agent.manifest.capabilities[0]?.inputSchema).toMatchObject({
    type: 'object',
    properties: { n: { type: 'number' } },
  })
})
