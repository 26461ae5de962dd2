import type { SubmitTask } from '../shared/contracts/requests.ts'
import type { GivenApprovals } from './approvals.ts'
import type { GivenAgents } from './cast.ts'
import type { GivenSecrets } from './given-secrets.ts'
import type { GivenWorkflow } from './given-workflow.ts'
import type { GivenFiles } from './memory/files.ts'
import type { GivenModels } from './scripted-models.ts'

export type WorkflowTest = Partial<
  Pick<
    SubmitTask,
    | 'input'
    | 'metadata'
    | 'budgetUsd'
    | 'budgetTokens'
    | 'deadline'
    | 'deadlineSeconds'
    | 'lenient'
    | 'prefer'
    | 'priority'
  >
> & {
  agents: GivenAgents
  /** Workflows that steps with `workflow` call. */
  workflows?: readonly GivenWorkflow[]
  approvals?: GivenApprovals
  /** What the language models of the agents answer: in order, or by a function of the call. */
  models?: GivenModels
  /** The secrets of the agents by their names in `needs.secrets`: `{OPENAI: 'sk-for-tests'}`. */
  secrets?: GivenSecrets
  /** Uploaded files by key: `{'files/notes/one.md': '...'}`; inputs name them as `{$file: 'files/notes/one.md'}`. */
  files?: GivenFiles
  /** The virtual time of the submission; 1 January 2026 by default. */
  now?: Date | string
  /** The seed of ids and jitter; the same seed gives the same run. */
  seed?: string
  /** Cancels the task. */
  cancel?: { afterSeconds: number; reason?: string }
}
