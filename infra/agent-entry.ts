import { join } from 'node:path'
import { maySuspend, needsModels, needsSecrets, usesMessages } from '../shared/domain/agent.ts'
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
 * language models or secrets, or suspends, imports what that takes.
 */
export function agentEntry(declared: Catalogue['agents'][number]): string {
  const { manifest, providers = [] } = declared
  const hasSecrets = needsSecrets(manifest)
  // Before the agent, whose modules may keep a function that writes.
  const masked = hasSecrets
    ? `import { secretPorts } from ${placeOf('functions/deps/secrets/agent-secrets')}\n`
    : ''
  const agent = `${masked}import agent from ${JSON.stringify(moduleOf(declared))}`
  const [suspends, talks] = [maySuspend(manifest), usesMessages(manifest)]
  const ports = [
    ...(suspends
      ? [`import { suspendPorts } from ${placeOf('functions/deps/suspending/suspend-ports')}`]
      : []),
    ...(talks ? [`import { messagingPorts } from ${placeOf('functions/deps/messages/messaging')}`] : []),
  ].join('\n')
  const more = `${hasSecrets ? '...secretPorts(), ' : ''}${suspends ? '...suspendPorts(), ' : ''}${talks ? '...messagingPorts(), ' : ''}`
  if (!needsModels(manifest) && more !== '')
    return `${agent}
      import { agentHandler, hostPorts } from ${placeOf('functions/steps/agent-handler')}
      ${ports}
      export const handler = agentHandler(agent, { ...hostPorts(), ${more}})`
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
    ${ports}
    import { modelPorts } from ${placeOf('functions/deps/models/models')}
    export const handler = agentHandler(agent, { ...hostPorts(), ${more}...modelPorts({ ${adapters.join(' ')} }) })`
}

const placeOf = (module: string): string => JSON.stringify(join(PACKAGE_ROOT, sourceOf(module)))
