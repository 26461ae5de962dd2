/** The public entry point `orchestrator/infra`: the stacks, for use in another CDK app. */
export { featureFlags } from './feature-flags.ts'
export { HostedAgent, type HostedAgentProps } from './hosted-agent.ts'
export { CatalogueError } from './load-catalogue.ts'
export { exitWithMessage, Orchestrator, type OrchestratorProps } from './orchestrator.ts'
export type { Stage } from './stage.ts'
export { StageError } from './stage-place.ts'
