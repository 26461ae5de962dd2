import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { layExpressions } from '../../../infra/bundle-expressions.ts'
import { BUNDLING } from '../../../infra/bundle-functions.ts'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'
import { placeSources } from '../../../infra/source-maps.ts'
import { type ModelSettings, ModelSettingsSchema } from '../../../shared/domain/model-settings.ts'
import { ASSEMBLY } from '../runner/synthesize-once.ts'
import { alterAssembly, functionOf, LambdaSchema, policiesOf, propertiesOf } from './altered-assembly.ts'

const AGENT = 'functions/agents/converse/deployed.ts'

/** The assembly of a stage whose model `default` is this one of Bedrock: for the agent of conversations alone, with bundle, settings and grants as a synthesis makes them. */
export async function conversingAssembly(id: string): Promise<string> {
  let asset = ''
  const settings: ModelSettings = ModelSettingsSchema.parse({
    provider: 'bedrock',
    id,
    contextTokens: 100_000,
  })
  const folder = alterAssembly(({ Resources }, inside) => {
    const name = functionOf(Resources, 'orchestrator-agent-converse')
    const { Code, Environment, Role } = propertiesOf(Resources, name, LambdaSchema)
    asset = join(inside, `asset.${Code.S3Key.replace('.zip', '')}`)
    rmSync(asset)
    const api = propertiesOf(Resources, functionOf(Resources, 'orchestrator-api'), LambdaSchema)
    for (const { Variables } of [Environment, api.Environment])
      Variables.MODELS = JSON.stringify({ default: settings })
    const [roleId] = Role['Fn::GetAtt']
    for (const [, { Roles, PolicyDocument }] of policiesOf(Resources)) {
      if (!Roles.some(({ Ref }) => Ref === roleId)) continue
      PolicyDocument.Statement.push({
        ...{ Effect: 'Allow' },
        Action: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream', 'bedrock:CountTokens'],
        Resource: `arn:aws:bedrock:us-east-1::foundation-model/${id}`,
      })
    }
  })
  await build({
    stdin: {
      contents: `import agent from ${JSON.stringify(join(PACKAGE_ROOT, AGENT))}
        import * as adapter from './functions/adapters/models/bedrock.ts'
        import { agentHandler, hostPorts } from './functions/steps/agent-handler.ts'
        import { modelPorts } from './functions/deps/models/models.ts'
        export const handler = agentHandler(agent, { ...hostPorts(), ...modelPorts({ bedrock: async () => adapter }) })`,
      resolveDir: BUNDLING.absWorkingDir,
      loader: 'ts',
    },
    ...BUNDLING,
    outfile: join(asset, 'index.mjs'),
  })
  await placeSources(asset, PACKAGE_ROOT, ['.'])
  await layExpressions(join(ASSEMBLY, 'expressions'), [asset])
  return folder
}
