import type { HostPorts } from '../../../shared/host/host-ports.ts'
import { gatedModels } from '../../../shared/host/model/model-gate.ts'
import { modelsOf } from '../../adapters/models/models.ts'
import { countingModels } from '../../adapters/models/wrapped/counting-models.ts'
import { once } from '../once.ts'
import { keepTranscripts, logger } from '../platform.ts'
import { transcripts, turns } from '../step-ports.ts'
import { configuredModels, modelUsage, pricesWithModels } from './model-settings.ts'

type Adapters = Parameters<typeof modelsOf>[1]

type ModelPorts = Required<Pick<HostPorts, 'models' | 'prices' | 'turns' | 'transcripts' | 'keepTranscripts'>>

/**
 * The ports of an agent that needs language models, besides those of every agent: its models behind the gate, what is kept of their calls, and
 * prices that know them.
 */
export const modelPorts = (adapters: Adapters): ModelPorts =>
  once('modelPorts', () => {
    const settings = configuredModels()
    const prices = pricesWithModels()
    const counted = countingModels(modelsOf(settings, adapters), {
      usage: modelUsage(),
      prices,
      onLost: (facts) => logger().warn('use of a model not counted', facts),
    })
    return {
      models: gatedModels(counted),
      prices,
      turns: turns(),
      transcripts: transcripts(),
      keepTranscripts: keepTranscripts(),
    }
  })
