/** The door of `orchestrator/infra`: the stacks, for a CDK app of one's own. */
export { featureFlags } from './feature-flags.ts'
export { CatalogueError } from './load-catalogue.ts'
export { exitWithMessage, Orchestrator, type OrchestratorProps } from './orchestrator.ts'
export type { Stage } from './stage.ts'
export { StageError } from './stage-place.ts'
