import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { ModelSettings } from '../../../shared/domain/model-settings.ts'
import { mostInputTokens } from '../../../shared/domain/model-tokens.ts'
import { suggestNames } from '../../../shared/domain/nearest-names.ts'
import { ownOf } from '../../../shared/domain/own.ts'
import type { ModelRequest, Models } from '../../../shared/ports/models.ts'
import type { NamedModel } from './named-model.ts'

type Provider = ModelSettings['provider']
/** Loads a provider's adapter, as `() => import('./bedrock.ts')`. */
export type LoadAdapter = () => Promise<{ createModel(model: NamedModel): Models | Promise<Models> }>

/**
 * Language models by the names of the stage. Each provider's adapter is loaded with the first call of a model of it; a function's bundle
 * has the adapters of those providers only that it is given here. `count` is a hard upper bound where the provider does not count.
 */
export function modelsOf(
  settings: Readonly<Record<string, ModelSettings>>,
  adapters: Readonly<Partial<Record<Provider, LoadAdapter>>>,
): Required<Models> & { settings: Readonly<Record<string, ModelSettings>> } {
  const loaded = new Map<string, Promise<Models>>()

  function find({ model: name }: ModelRequest): Promise<Models> {
    const known = loaded.get(name)
    if (known) return known
    const found = load(name)
    loaded.set(name, found)
    // A secret that could not be read may be readable at the next call.
    found.catch(() => loaded.delete(name))
    return found
  }

  async function load(name: string): Promise<Models> {
    const model = ownOf(settings, name)
    if (!model)
      throw new OrchestratorError(
        'ConfigError',
        `no model is named "${name}" in the stage: configure \`models.${name}\`${suggestNames(name, Object.keys(settings))}`,
      )
    const loadAdapter = adapters[model.provider]
    if (!loadAdapter)
      throw new OrchestratorError(
        'ConfigError',
        `this function has no adapter for ${model.provider}, the provider of the model "${name}": deploy the stage`,
      )
    const { createModel } = await loadAdapter()
    return createModel({ ...model, name })
  }

  return {
    settings,
    async generate(request) {
      const model = await find(request)
      return model.generate(request)
    },
    async count(request) {
      const model = await find(request)
      return model.count ? model.count(request) : mostInputTokens(request)
    },
  }
}
