import type { KeptOutput } from '../domain/step.ts'

/** The cache of outputs that equal steps of other tasks reuse. */
export type Outputs = {
  /** The output of an equal step; it may have expired. */
  findOutput(key: string): Promise<KeptOutput | undefined>
  keepOutput(key: string, kept: KeptOutput): Promise<void>
}
