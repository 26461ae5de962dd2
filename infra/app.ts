import { App, Validations } from 'aws-cdk-lib'
import { exitWithMessage, featureFlags, Orchestrator } from './index.ts'
import { PACKAGE_ROOT } from './package-root.ts'

/** The CDK app of a checkout: deploys its agents and workflows, with its stage files. */
const app = new App({ analyticsReporting: false, context: featureFlags() })
await Orchestrator.create(app, {
  root: PACKAGE_ROOT,
  agents: 'functions/agents',
  workflows: 'workflows',
  builtIn: false,
}).catch(exitWithMessage)
// Loading and applying them is a fifth of a synthesis; `orchestrator dev`, which deploys to this machine only, leaves them out.
if (process.env.ORCHESTRATOR_RULE_PACKS !== 'false') {
  const { AwsSolutionsChecks, ServerlessChecks } = await import('cdk-nag')
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
}
app.synth()
