import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2'
import { Construct } from 'constructs'
import type { Grant } from '../../shared/contracts/grants.ts'
import { API_PREFIX } from '../../shared/contracts/route.ts'
import { maySuspend, needsModels } from '../../shared/domain/agent.ts'
import { agentFunctionSettings } from '../agent-function.ts'
import { portsOfAgent } from '../agent-with-ports.ts'
import type { Bundles } from '../bundle-functions.ts'
import type { Catalogue } from '../catalogue.ts'
import { countedAgent, ownCounts } from '../own-counts.ts'
import type { Places } from '../place-in-stacks.ts'
import type { DataStack } from '../stacks/data-stack.ts'
import type { Stage } from '../stage.ts'
import { modelsFor } from '../stage-models.ts'
import { giveAccess } from './agent-access.ts'
import { giveNeeds } from './agent-needs.ts'
import { BundledFunction } from './bundled-function.ts'
import { nestedStacks } from './nested-stacks.ts'
import { givePorts } from './port-grants.ts'

type AgentFleetProps = {
  readonly stage: Stage
  readonly agents: Catalogue['agents']
  readonly bundles: Bundles
  readonly places: Places
  readonly data: DataStack
}

/**
 * A function for each agent, in the stack of its placement. The name of a function in a nested stack ends in the stack's number:
 * if an agent ever moves, its new function does not clash with the old one.
 */
export class AgentFleet extends Construct {
  readonly functions: Readonly<Record<string, BundledFunction>>
  /** The last part of each function's name, by agent id. */
  readonly names: Readonly<Record<string, string>>
  readonly #props: AgentFleetProps

  constructor(scope: Construct, id: string, props: AgentFleetProps) {
    super(scope, id)
    this.#props = props
    const nested = nestedStacks(this, 'Agents', props.places, 'agents')
    const placed = props.agents.map((declared) => {
      const { manifest } = declared
      const at = props.places[manifest.id] ?? 0
      return {
        declared,
        manifest,
        name: `agent-${manifest.id}${at === 0 ? '' : `_${at}`}`,
        scope: nested(at),
      }
    })
    this.names = Object.fromEntries(placed.map(({ manifest, name }) => [manifest.id, name]))
    this.functions = Object.fromEntries(
      placed.map(({ declared, manifest, name, scope: within }) => [
        manifest.id,
        this.#add(within, declared, name),
      ]),
    )
  }

  /** Tells the agents that suspend, and these hosts, where outside jobs answer; returns the address. */
  takeCallbacksAt({ api }: { readonly api: HttpApi }, ...hosts: (BundledFunction | undefined)[]): string {
    const url = `${api.apiEndpoint}${API_PREFIX}`
    for (const { manifest } of this.#props.agents)
      if (maySuspend(manifest)) this.functions[manifest.id]?.configure('CALLBACK_URL', url)
    for (const host of hosts) host?.configure('CALLBACK_URL', url)
    return url
  }

  #add(scope: Construct, declared: Catalogue['agents'][number], name: string): BundledFunction {
    const { manifest } = declared
    const { id } = manifest
    const { stage, bundles, data } = this.#props
    const agent = new BundledFunction(scope, `Agent-${id}`, {
      stage,
      name,
      folder: bundles.folderOf(`agent-${id}`),
      ...agentFunctionSettings(manifest),
    })
    const models = needsModels(manifest) ? { models: modelsFor(manifest, stage.models) } : {}
    const counted = countedAgent(manifest)
    const counts = (grant: Grant): Grant[] => ownCounts(grant, counted)
    givePorts(agent, portsOfAgent(declared), { stage, data, name, counts, ...models })
    giveNeeds(agent, manifest.needs ?? {}, stage)
    giveAccess(agent, manifest.needs ?? {}, { stage, name })
    return agent
  }
}
