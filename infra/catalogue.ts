import type { Compiled } from '../shared/compiler/index.ts'
import type { AgentManifest } from '../shared/domain/agent.ts'
import type { Workflow } from '../shared/workflow/schema.ts'

export type CompiledWorkflow = { workflow: Workflow; compiled: Compiled }

/** What the files of a project declare; `entry` is the absolute path of an agent's file. */
export type Catalogue = {
  agents: { manifest: AgentManifest; entry: string }[]
  workflows: CompiledWorkflow[]
}

/** A file that cannot be deployed, as an absolute path, and why: lines that name it. */
export type LeftOut = { file: string; problem: string }
