import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Tags } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { acknowledgeFindings } from './acknowledge-findings.ts'
import { modelsOnThisMachine, withProviders } from './agent-providers.ts'
import { bundleUsable } from './bundle-usable.ts'
import type { LeftOut } from './catalogue.ts'
import { compiledWith } from './compiled-with.ts'
import { CatalogueError, loadUsable } from './load-catalogue.ts'
import { outputFolderOf } from './output-folder.ts'
import { type Placement, placementOf } from './place-in-stacks.ts'
import { sourcesOf } from './sources-of.ts'
import { DataStack } from './stacks/data-stack.ts'
import { ObservabilityStack } from './stacks/observability-stack.ts'
import { RuntimeStack } from './stacks/runtime-stack.ts'
import { overridesIn, readStage, readStageNamed, type Stage, stageWith, tagsOf } from './stage.ts'
import { agentsOfStage } from './stage-agents-file.ts'
import { requirePlace, StageError } from './stage-place.ts'
import { requireSecrets } from './stage-secrets.ts'
import { unservedIn } from './unserved.ts'

export type OrchestratorProps = {
  /** The project's folder, against which the others are resolved; by default the current one. */
  readonly root?: string
  /** Agents, each in `<agents>/<id>/index.ts`. By default `agents`, if there is such a folder. */
  readonly agents?: string
  /** Workflows, each in `<workflows>/<name>.yaml`. By default `workflows`, if there is such a folder. */
  readonly workflows?: string
  /**
   * Fields of the stage, or the name of its file, `stages/<name>.yaml`. By default the name in `--context stage=<name>`, else
   * "default". `--context <field>=<value>` overrides single fields in each case.
   */
  readonly stage?: Partial<Stage> | string
  /** Whether the agents and workflows of this package are deployed too; true by default. */
  readonly builtIn?: boolean
}

/**
 * An orchestrator as three stacks of a CDK app, or of a `Stage` in it: `<prefix>-data`, `-runtime` and `-observability`. One app may hold
 * several, created one after another, under different prefixes.
 */
export class Orchestrator {
  readonly stage: Stage
  readonly data: DataStack
  readonly runtime: RuntimeStack
  readonly observability: ObservabilityStack

  /**
   * Loads agents and workflows, bundles the functions and adds the stacks to `scope`. Throws CatalogueError and StageError, whose messages
   * list all problems in the files (`exitWithMessage` prints them).
   */
  static async create(scope: Construct, props: OrchestratorProps = {}): Promise<Orchestrator> {
    const stage = stageOf(scope, props)
    // The CDK's CLI sets these to the target of the deployment; in the local cloud they are unset.
    const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env
    requirePlace(stage, { account, region })
    const sources = sourcesOf(props)
    const found = await loadUsable(sources, isLenient)
    const elsewhere = agentsOfStage(stage, found.catalogue)
    const loaded = { ...found, catalogue: compiledWith(found.catalogue, elsewhere) }
    const models = isLenient() ? modelsOnThisMachine(stage.models) : stage.models
    const usable = { ...loaded, catalogue: withProviders(loaded.catalogue, models) }
    const { catalogue, left, bundles } = await bundleUsable(usable, {
      folder: outputFolderOf(scope),
      sources,
      mayLack: isLenient,
    })
    for (const warning of left.flatMap(warningsOf)) console.warn(warning)
    requireSecrets(catalogue, stage, isLenient())
    const placement = placementOf(catalogue, readPlaced(scope))
    const agents = [...catalogue.agents, ...elsewhere]
    for (const warning of unservedIn({ ...catalogue, agents })) console.warn(warning)
    return new Orchestrator(scope, { stage, catalogue, bundles, placement })
  }

  private constructor(scope: Construct, parts: Parts) {
    const { stage, catalogue, bundles, placement } = parts
    this.stage = stage
    this.data = new DataStack(scope, `${stage.prefix}-data`, { stage })
    const { data } = this
    this.runtime = new RuntimeStack(scope, `${stage.prefix}-runtime`, {
      stage,
      catalogue,
      bundles,
      data,
      placement,
    })
    const { runtime } = this
    this.observability = new ObservabilityStack(scope, `${stage.prefix}-observability`, {
      stage,
      catalogue,
      data,
      runtime,
    })
    for (const stack of [data, runtime, this.observability]) {
      for (const [key, value] of Object.entries(tagsOf(stage))) Tags.of(stack).add(key, value)
    }
    acknowledgeFindings(
      stage,
      { data, runtime },
      catalogue.agents.map(({ manifest }) => manifest),
    )
  }
}

type Parts = Pick<ConstructorParameters<typeof RuntimeStack>[2], 'stage' | 'catalogue' | 'bundles'> & {
  placement: Placement
}

/** Set by `orchestrator dev`: what cannot be deployed is told and left out. In a deployment it is an error. */
const isLenient = (): boolean => process.env.ORCHESTRATOR_LEAVE_OUT === 'true'

/** The lines that `orchestrator dev` shows. */
const warningsOf = ({ problem }: LeftOut): string[] =>
  problem.split('\n').map((line, at) => `warning: ${at === 0 ? 'left out ' : '  '}${line}`)

/** Ends the process with the message of an error in users' files, without a stack trace; rethrows any other error. */
export function exitWithMessage(error: unknown): never {
  if (!(error instanceof CatalogueError) && !(error instanceof StageError)) throw error
  console.error(error.message)
  process.exit(2)
}

function stageOf(scope: Construct, { root = '.', stage }: OrchestratorProps): Stage {
  const files = resolve(root, 'stages')
  if (stage === undefined) return readStage(scope.node, files)
  if (typeof stage === 'string') return readStageNamed(stage, overridesIn(scope.node), files)
  return stageWith(stage, scope.node)
}

/** The deployed placement of agents and workflows; `npm run deploy` passes it in a file. */
function readPlaced({ node }: Construct): Partial<Placement> {
  const file = node.tryGetContext('placed') as string | undefined
  return file === undefined ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Partial<Placement>)
}
