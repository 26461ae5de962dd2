import { createHash } from 'node:crypto'
import { NestedStack } from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { AgentManifest } from '../../shared/domain/agent.ts'
import type { Bundles } from '../bundle-functions.ts'
import type { Catalogue } from '../load-catalogue.ts'
import type { DataStack } from '../stacks/data-stack.ts'
import type { Stage } from '../stage.ts'
import { BundledFunction } from './bundled-function.ts'
import { statesArn } from './our-arns.ts'
import { giveStores } from './store-access.ts'

type AgentFleetProps = {
  readonly stage: Stage
  readonly agents: Catalogue['agents']
  readonly bundles: Bundles
  readonly data: DataStack
}

/** A host outlives the agent's own deadline, so that it can note the failure. */
const HOST_MARGIN_SECONDS = 5
/** Each is a function, its log group, its role and a policy; CloudFormation takes 500 resources in a stack. */
const MOST_IN_A_STACK = 80

/**
 * A function for each agent. So many that they would not fit into the stack are spread over nested stacks, by their ids: an
 * agent that comes or goes moves no other unless it changes how many stacks there are. In a nested stack's functions the stack's
 * number ends the name, so that one that moves meets no other of its name.
 */
export class AgentFleet extends Construct {
  readonly functions: Readonly<Record<string, BundledFunction>>
  /** The last parts of their names, by agent. */
  readonly names: Readonly<Record<string, string>>
  readonly #props: AgentFleetProps

  constructor(scope: Construct, id: string, props: AgentFleetProps) {
    super(scope, id)
    this.#props = props
    const { agents } = props
    const stacks = Math.ceil(agents.length / MOST_IN_A_STACK)
    const nested = Array.from({ length: stacks > 1 ? stacks : 0 }, (_, at) => {
      return new NestedStack(this, `Agents${at + 1}`, { description: `Orchestrator: agents, part ${at + 1}` })
    })
    const placed = agents.map(({ manifest }) => {
      const at = nested.length > 0 ? bucketOf(manifest.id, nested.length) : -1
      const name = `agent-${manifest.id}${at === -1 ? '' : `_${at + 1}`}`
      return { manifest, name, scope: nested[at] ?? this }
    })
    this.names = Object.fromEntries(placed.map(({ manifest, name }) => [manifest.id, name]))
    this.functions = Object.fromEntries(
      placed.map(({ manifest, name, scope: within }) => [manifest.id, this.#add(within, manifest, name)]),
    )
  }

  #add(scope: Construct, { id, description, limits }: AgentManifest, name: string): BundledFunction {
    const { stage, bundles, data } = this.#props
    const agent = new BundledFunction(scope, `Agent-${id}`, {
      stage,
      name,
      description,
      folder: bundles.folderOf(`agent-${id}`),
      timeoutSeconds: limits.timeoutSeconds + HOST_MARGIN_SECONDS,
      memoryMb: limits.memoryMb,
    })
    giveStores(agent, data, {
      tasks: ['GetItem', 'BatchGetItem'],
      progress: true,
      registry: ['GetItem', 'BatchGetItem'],
      // Counts its attempts; its breaker, slots and rates.
      counters: true,
      values: 'write',
      files: 'read',
      publish: true,
    })
    // A step that has ended wakes the states that wait for it.
    return agent.allow(['states:SendTaskSuccess'], [statesArn(this, stage, 'stateMachine', '*')])
  }
}

/** Rendezvous hashing: one stack more takes its share from all others and moves nothing between those. */
function bucketOf(id: string, buckets: number): number {
  const weights = Array.from({ length: buckets }, (_, bucket) =>
    createHash('sha256').update(`${bucket}/${id}`).digest().readUInt32BE(),
  )
  return weights.indexOf(Math.max(...weights))
}
