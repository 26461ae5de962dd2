import { App, Tags } from 'aws-cdk-lib'
import { bundleFunctions } from './bundle-functions.ts'
import { CatalogueError, loadCatalogue } from './load-catalogue.ts'
import { DataStack } from './stacks/data-stack.ts'
import { ObservabilityStack } from './stacks/observability-stack.ts'
import { RuntimeStack } from './stacks/runtime-stack.ts'
import { readStage } from './stage.ts'
import { warnOfUnserved } from './warn-of-unserved.ts'

const app = new App({ analyticsReporting: false })
const stage = readStage(app.node)
const catalogue = await loadCatalogue().catch((error: unknown) => {
  if (!(error instanceof CatalogueError)) throw error
  console.error(error.message)
  process.exit(2)
})
warnOfUnserved(catalogue)
const bundles = await bundleFunctions(catalogue)

const data = new DataStack(app, `${stage.prefix}-data`, { stage })
const runtime = new RuntimeStack(app, `${stage.prefix}-runtime`, { stage, catalogue, bundles, data })
new ObservabilityStack(app, `${stage.prefix}-observability`, { stage, catalogue, runtime })

Tags.of(app).add('application', stage.prefix)
app.synth()
