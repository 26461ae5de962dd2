import { Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Catalogue } from '../catalogue.ts'
import { OurAlarms } from '../constructs/our-alarms.ts'
import { OurDashboard } from '../constructs/our-dashboard.ts'
import { OurMetrics } from '../constructs/our-metrics.ts'
import { MOST_GROUPS, SavedQueries } from '../constructs/saved-queries.ts'
import type { Stage } from '../stage.ts'
import type { DataStack } from './data-stack.ts'
import type { RuntimeStack } from './runtime-stack.ts'

type ObservabilityStackProps = { stage: Stage; catalogue: Catalogue; data: DataStack; runtime: RuntimeStack }

/** What operators look at: one dashboard, alarms for what needs a person, and saved log queries. */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, { stage, catalogue, data, runtime }: ObservabilityStackProps) {
    super(scope, id, { description: 'Orchestrator: dashboard, alarms and saved queries' })
    const metrics = new OurMetrics(this, stage)
    const tables = [data.tasks, data.registry]
    const names = [...runtime.functionNames, ...Object.values(runtime.agents.names)]
    const logGroupNames = names.slice(0, MOST_GROUPS).map((name) => `/aws/lambda/${stage.prefix}-${name}`)
    const { alarms } = new OurAlarms(this, 'Alarms', { stage, metrics, runtime, tables })
    new OurDashboard(this, 'Overview', { stage, catalogue, runtime, metrics, alarms, tables, logGroupNames })
    new SavedQueries(this, 'Queries', { stage, logGroupNames })
  }
}
