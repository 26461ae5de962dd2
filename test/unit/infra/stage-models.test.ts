import { describe, expect, it } from 'vitest'
import { StageSchema } from '../../../infra/stage.ts'
import { modelsFor, pricesOfStage } from '../../../infra/stage-models.ts'

const model = (more: object = {}) => ({
  provider: 'bedrock' as const,
  id: 'amazon.nova-lite-v1:0',
  contextTokens: 8_000,
  ...more,
})
const stageWith = (models: object, more: object = {}) => StageSchema.parse({ models, ...more })

describe('the models of an agent', () => {
  const { models } = stageWith({
    default: model({ fallback: 'spare' }),
    spare: model({ fallback: 'last' }),
    last: model(),
    other: model(),
  })
  const namesFor = (...needed: string[]): string[] =>
    Object.keys(modelsFor({ needs: { models: needed } }, models))

  it('are those that it needs, with their fallbacks and the fallbacks of these', () => {
    expect(namesFor('default')).toEqual(['default', 'spare', 'last'])
    expect(namesFor('other', 'spare')).toEqual(['spare', 'last', 'other'])
  })

  it('are all for one that needs every one, and none for one that needs none or what is not configured', () => {
    expect(namesFor('*')).toEqual(Object.keys(models))
    expect(namesFor('unknown')).toEqual([])
    expect(modelsFor({}, models)).toEqual({})
  })
})

describe('prices of models', () => {
  it('join the prices of the stage by the id of the model, and win over them', () => {
    const price = { input: 1, output: 2 }
    const stage = stageWith(
      { default: model({ price }), other: model({ id: 'another' }) },
      {
        prices: {
          lambdaRequest: 3,
          models: { x: { input: 4, output: 5 }, [model().id]: { input: 6, output: 7 } },
        },
      },
    )
    expect(pricesOfStage(stage)).toEqual({
      lambdaRequest: 3,
      models: { x: { input: 4, output: 5 }, [model().id]: price },
    })
  })

  it('leave a stage without prices as it is', () => {
    expect(pricesOfStage(stageWith({ default: model() }))).toBeUndefined()
  })
})
