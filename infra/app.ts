import { readFileSync } from 'node:fs'
import { App, Tags, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import { acknowledgeFindings } from './acknowledge-findings.ts'
import { bundleFunctions } from './bundle-functions.ts'
import { featureFlags } from './feature-flags.ts'
import { CatalogueError, loadCatalogue } from './load-catalogue.ts'
import { type Placement, placementOf } from './place-in-stacks.ts'
import { DataStack } from './stacks/data-stack.ts'
import { ObservabilityStack } from './stacks/observability-stack.ts'
import { RuntimeStack } from './stacks/runtime-stack.ts'
import { readStage, tagsOf } from './stage.ts'
import { requirePlace, StageError } from './stage-place.ts'
import { warnOfUnserved } from './warn-of-unserved.ts'

const app = new App({ analyticsReporting: false, context: featureFlags() })
const { stage, catalogue, placement } = await readAll().catch((error: unknown) => {
  if (!(error instanceof CatalogueError) && !(error instanceof StageError)) throw error
  console.error(error.message)
  process.exit(2)
})
warnOfUnserved(catalogue)
const bundles = await bundleFunctions(catalogue)

const data = new DataStack(app, `${stage.prefix}-data`, { stage })
const runtime = new RuntimeStack(app, `${stage.prefix}-runtime`, {
  stage,
  catalogue,
  bundles,
  data,
  placement,
})
new ObservabilityStack(app, `${stage.prefix}-observability`, { stage, catalogue, data, runtime })

for (const [key, value] of Object.entries(tagsOf(stage))) Tags.of(app).add(key, value)
acknowledgeFindings(stage, { data, runtime })
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
app.synth()

/** Which stack holds what is deployed: `npm run deploy` says so, in a file. */
function readPlaced(): Partial<Placement> {
  const file = app.node.tryGetContext('placed') as string | undefined
  return file === undefined ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Partial<Placement>)
}

async function readAll() {
  const stage = readStage(app.node)
  // Where the CDK's CLI would deploy to; nobody says so on a laptop.
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env
  requirePlace(stage, { account, region })
  const catalogue = await loadCatalogue()
  return { stage, catalogue, placement: placementOf(catalogue, readPlaced()) }
}
