import type { Compiled } from '../shared/compiler/index.ts'
import type { AgentManifest } from '../shared/domain/agent.ts'
import type { ModelSettings } from '../shared/domain/model-settings.ts'
import type { Workflow } from '../shared/workflow/schema.ts'

export type CompiledWorkflow = { workflow: Workflow; compiled: Compiled }

/**
 * What the files of a project declare; `entry` is the absolute path of an agent's file, `providers` those of the models that it may call in a
 * stage.
 */
export type Catalogue = {
  agents: { manifest: AgentManifest; entry: string; providers?: readonly ModelSettings['provider'][] }[]
  workflows: CompiledWorkflow[]
}

/** A file that cannot be deployed, as an absolute path, and why: lines that name it. */
export type LeftOut = { file: string; problem: string }
