import { join } from 'node:path'
import { needsModels, needsSecrets } from '../shared/domain/agent.ts'
import type { Provider } from './agent-providers.ts'
import { moduleOf } from './agent-with-ports.ts'
import type { Catalogue } from './catalogue.ts'
import { PACKAGE_ROOT, sourceOf } from './package-root.ts'

/** The module with a provider's adapter, from the package's root. */
const ADAPTERS: Readonly<Record<Provider, string>> = {
  bedrock: 'functions/adapters/models/bedrock',
  'openai-compatible': 'functions/deps/models/openai-compatible',
}

/**
 * The text of an agent's entry point, which wraps the agent in the host: agents' own files do not know Lambda. Only that of an agent that needs
 * language models, or secrets, imports what calls or reads them.
 */
export function agentEntry(declared: Catalogue['agents'][number]): string {
  const { manifest, providers = [] } = declared
  const hasSecrets = needsSecrets(manifest)
  // Before the agent, whose modules may keep a function that writes.
  const masked = hasSecrets
    ? `import { secretPorts } from ${placeOf('functions/deps/secrets/agent-secrets')}\n`
    : ''
  const agent = `${masked}import agent from ${JSON.stringify(moduleOf(declared))}`
  const secrets = hasSecrets ? '...secretPorts(), ' : ''
  if (!needsModels(manifest) && hasSecrets)
    return `${agent}
      import { agentHandler, hostPorts } from ${placeOf('functions/steps/agent-handler')}
      export const handler = agentHandler(agent, { ...hostPorts(), ...secretPorts() })`
  if (!needsModels(manifest))
    return `${agent}
      import { agentHandler } from ${placeOf('functions/steps/agent-handler')}
      export const handler = agentHandler(agent)`
  // esbuild drops less of what is imported lazily (14 KB of Bedrock's client): only a choice of several is loaded when it is needed.
  const [only] = providers.length === 1 ? providers : []
  const adapters = providers.map((provider) => {
    const load = only ? 'async () => adapter' : `() => import(${placeOf(ADAPTERS[provider])})`
    return `${JSON.stringify(provider)}: ${load},`
  })
  return `${agent}
    ${only ? `import * as adapter from ${placeOf(ADAPTERS[only])}` : ''}
    import { agentHandler, hostPorts } from ${placeOf('functions/steps/agent-handler')}
    import { modelPorts } from ${placeOf('functions/deps/models/models')}
    export const handler = agentHandler(agent, { ...hostPorts(), ${secrets}...modelPorts({ ${adapters.join(' ')} }) })`
}

const placeOf = (module: string): string => JSON.stringify(join(PACKAGE_ROOT, sourceOf(module)))
