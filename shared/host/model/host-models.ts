import type { AgentModel } from '../../agent/index.ts'
import type { ModelSettings } from '../../domain/model-settings.ts'
import type { Models } from '../../ports/models.ts'
import type { HostPorts } from '../host-ports.ts'
import type { AdmittedCall, Limits, StepRun } from '../step-run.ts'

/** The models that a stage configures, and how they are reached. */
export type ConfiguredModels = Models & { settings: Readonly<Record<string, ModelSettings>> }

/** What the gate needs of the host. */
export type GateNeeds = Pick<
  HostPorts,
  | 'steps'
  | 'limits'
  | 'prices'
  | 'keepTranscripts'
  | 'values'
  | 'ledger'
  | 'files'
  | 'taskFiles'
  | 'fileLimits'
  | 'clock'
  | 'ids'
  | 'timer'
  | 'mask'
> &
  Required<Pick<HostPorts, 'turns' | 'transcripts'>>

/** Makes the `context.model` of one attempt. */
export type ModelGate = (
  ports: GateNeeds & { models: ConfiguredModels },
  run: StepRun,
  attempt: Limits & AdmittedCall,
) => AgentModel

/**
 * The models of an agent that needs some, with the gate that each call passes (`gatedModels`). The gate comes with them, so that the
 * function of an agent that needs none has no code for them.
 */
export type HostModels = ConfiguredModels & { gate: ModelGate }
