import type { KeptOutput } from '../domain/step.ts'

/** Outputs that equal steps of other tasks reuse. */
export type Outputs = {
  /** What an equal step has answered; may have expired. */
  findOutput(key: string): Promise<KeptOutput | undefined>
  keepOutput(key: string, kept: KeptOutput): Promise<void>
}
