import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'
import { ModelSettingsSchema } from '../../../shared/domain/model-settings.ts'
import { replaceAgent } from './altered-assembly.ts'

const AGENT = join(PACKAGE_ROOT, 'functions/agents/converse/deployed.ts')

/** The assembly of a stage whose model `default` is this one of Bedrock: for the agent of conversations alone, with bundle, settings and grants as a synthesis makes them. */
export const conversingAssembly = (id: string): Promise<string> =>
  replaceAgent('converse', AGENT, {
    default: ModelSettingsSchema.parse({ provider: 'bedrock', id, contextTokens: 100_000 }),
  })
