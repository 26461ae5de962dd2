import type { ModelSettings } from '../../../shared/domain/model-settings.ts'

/** The settings of a model with the name under which the stage has them. */
export type NamedModel = ModelSettings & {
  name: string
  /** The API key in use, which no message may have. */
  apiKey?: string
}

/** How long a provider may be silent, before its answer and between two parts of a stream: as long as an agent has by default. */
export const SILENCE_MILLISECONDS = 300_000
