import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import { AGENT_PORTS, MODEL_PORTS } from '../functions/agent-ports.ts'
import { type AgentManifest, maySuspend, needsModels } from '../shared/domain/agent.ts'
import { hostedName } from '../shared/domain/agent-function.ts'
import { DEFAULT_TENANT } from '../shared/domain/caller.ts'
import { RIGHT_TENANT, TenantSchema } from '../shared/domain/tenant.ts'
import { agentFunctionSettings } from './agent-function.ts'
import { withProviders } from './agent-providers.ts'
import { bundleExpressions } from './bundle-expressions.ts'
import { bundleAgents } from './bundle-functions.ts'
import { giveAccess } from './constructs/agent-access.ts'
import { HOST_VARIABLES, hostParameter, hostPolicyName } from './constructs/agent-host-access.ts'
import { giveNeeds } from './constructs/agent-needs.ts'
import { BundledFunction } from './constructs/bundled-function.ts'
import { giveCounts, giveModels, giveSettings } from './constructs/port-grants.ts'
import { CatalogueError, loadCatalogue } from './load-catalogue.ts'
import { outputFolderOf } from './output-folder.ts'
import { type Stage, stageWith } from './stage.ts'
import { modelsFor } from './stage-models.ts'
import { requireSecrets } from './stage-secrets.ts'

/** Lambda's limit. */
const MOST_NAME_CHARACTERS = 64

export type HostedAgentProps = {
  /** The agent's folder, with its `index.ts`, such as `agents/translator`. */
  readonly agent: string
  /** The project's folder, against which that is resolved; by default the current one. */
  readonly root?: string
  /** The tenant that registers the agent; `default` where none is said. The name of the function says it, so that no other tenant can register it. */
  readonly tenant?: string
  /** The `prefix` of the installation that calls the agent, and what the agent needs: `models`, `secrets`, `allowedHosts`, ...; as its own stage says it, also
   * `statistics`, `transcripts`, `maxFileMb` and `maxTaskFiles`. */
  readonly stage?: Partial<Stage>
}

/**
 * One agent in a CDK app of its team, for an orchestrator that another app has deployed in the same account and region: its function, by the name
 * that the orchestrator may invoke, with the managed policy and the parameters that the orchestrator's stack has for it. It is registered by the
 * API (`POST /agents`); `<id>.agent.json` beside the assembly is its manifest.
 */
export class HostedAgent extends Construct {
  readonly manifest: AgentManifest
  readonly function: BundledFunction

  /** Loads and bundles the agent. Throws CatalogueError and StageError, as `Orchestrator.create`. */
  static async create(
    scope: Construct,
    id: string,
    { agent, root = '.', tenant = DEFAULT_TENANT, stage = {} }: HostedAgentProps,
  ): Promise<HostedAgent> {
    const parsed = stageWith(stage, scope.node)
    if (!TenantSchema.safeParse(tenant).success)
      throw new CatalogueError(`tenant: this is ${JSON.stringify(tenant)}, and ${RIGHT_TENANT}`)
    const home = resolve(root)
    const source = { root: home, agents: dirname(agent), workflows: join(agent, 'workflows') }
    const all = withProviders(await loadCatalogue([source]), parsed.models)
    const agents = all.agents.filter(({ manifest }) => manifest.id === basename(agent))
    const [found] = agents
    if (!found) throw new CatalogueError(`there is no agent ${agent}/index.ts in ${home}`)
    requireSecrets({ agents }, parsed, false)
    const name = `${parsed.prefix}-${hostedName(tenant, found.manifest.id)}`
    if (name.length > MOST_NAME_CHARACTERS)
      throw new CatalogueError(
        `the function would be called ${name}, and a name has at most ${MOST_NAME_CHARACTERS} characters: shorten the id of the agent, the tenant or the prefix`,
      )
    const ofTenant = tenant === DEFAULT_TENANT ? [] : [tenant]
    const folder = join(outputFolderOf(scope), 'hosted-agents', ...ofTenant)
    await mkdir(folder, { recursive: true })
    const expressions = join(folder, 'expressions')
    await bundleExpressions(expressions)
    await bundleAgents({ agents, workflows: [] }, [found.manifest.id], {
      out: folder,
      expressions,
      root: home,
    })
    await writeFile(join(folder, `${found.manifest.id}.agent.json`), JSON.stringify(found.manifest))
    return new HostedAgent(scope, id, { stage: parsed, tenant, manifest: found.manifest, folder })
  }

  private constructor(
    scope: Construct,
    id: string,
    {
      stage,
      tenant,
      manifest,
      folder,
    }: { stage: Stage; tenant: string; manifest: AgentManifest; folder: string },
  ) {
    super(scope, id)
    this.manifest = manifest
    const name = hostedName(tenant, manifest.id)
    this.function = new BundledFunction(this, 'Function', {
      stage,
      name,
      folder: join(folder, `agent-${manifest.id}`),
      ...agentFunctionSettings(manifest),
    })
    for (const [variable, last] of Object.entries(HOST_VARIABLES)) {
      if (variable === 'CALLBACK_URL' && !maySuspend(manifest)) continue
      this.function.addEnvironment(variable, `{{resolve:ssm:${hostParameter(stage, last)}}}`)
    }
    this.function.role?.addManagedPolicy(
      ManagedPolicy.fromManagedPolicyName(this, 'Host', hostPolicyName(this, stage)),
    )
    giveCounts(this.function, manifest, { stage, tenant })
    giveSettings(this.function, { ...AGENT_PORTS, ...(needsModels(manifest) ? MODEL_PORTS : {}) }, stage)
    if (needsModels(manifest)) giveModels(this.function, modelsFor(manifest, stage.models))
    giveNeeds(this.function, manifest.needs ?? {}, stage)
    giveAccess(this.function, manifest.needs ?? {}, { stage, name })
  }
}
