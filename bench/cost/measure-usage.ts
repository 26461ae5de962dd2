import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GetExecutionHistoryCommand, SFNClient } from '@aws-sdk/client-sfn'
import type { AwsCall } from '../../local/aws/answer.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
import { add, times, type Usage } from '../../shared/estimator/monthly-cost.ts'
import { type LocalApi, startApi } from '../../test/support/cloud/local-api.ts'

const RUNS = 5
const GB = 1e9
const KB = 1_024

/** Assumptions about what a laptop cannot measure. */
export const ASSUMED = {
  /** Status requests of a client for each task, the one for the result included. */
  statusReads: 5,
  /** Billed seconds of a warm function that is no agent. */
  ownSeconds: 0.05,
  ownGb: 0.5,
  apiGb: 1,
  /** Billed seconds of Lambda and the host on top of an agent's work. */
  hostSeconds: 0.03,
  agentGb: 0.5,
  /** Log bytes that Lambda itself writes for an invocation. */
  reportBytes: 600,
} as const

const WEATHER = readFileSync(join(import.meta.dirname, '../../examples/data/seattle-weather.csv'), 'utf8')
const TASKS: Readonly<Record<string, object>> = {
  simple: { message: 'hello' },
  data_report: { source: WEATHER, title: 'Weather' },
}

/** The usage of one task of each workflow, measured on a warm local cloud. */
export async function measureUsage(): Promise<Record<string, Usage>> {
  const calls: AwsCall[] = []
  const api = await startApi({ onCall: (call) => void calls.push(call) })
  try {
    const usages: Record<string, Usage> = {}
    for (const [type, input] of Object.entries(TASKS)) {
      await api.run(type, input)
      const runs: Usage[] = []
      for (let run = 0; run < RUNS; run++) {
        calls.length = 0
        api.logs.length = 0
        runs.push(await usageOf(api, calls, type, input))
      }
      usages[type] = times(add(...runs), 1 / RUNS)
    }
    return usages
  } finally {
    await api.stop()
  }
}

async function usageOf(api: LocalApi, calls: AwsCall[], type: string, input: object): Promise<Usage> {
  const { taskId, steps, execution } = ROUTES.getTask.success.output.parse(await api.run(type, input))
  await api.resultOf(taskId)
  const done = calls.splice(0)
  const logBytes = api.logs.join('').length
  const { events } = await api.ask('listTaskEvents', { id: taskId })
  const own = 1
  const apiRequests = 2 + ASSUMED.statusReads
  const invocations = apiRequests + steps.length + own
  const worked = steps.reduce((sum, { startedAt = '', endedAt = '' }) => sum + seconds(startedAt, endedAt), 0)
  return {
    stateTransition: await statesEntered(api, execution.arn),
    lambdaRequest: invocations,
    lambdaGbSecond:
      apiRequests * ASSUMED.ownSeconds * ASSUMED.apiGb +
      own * ASSUMED.ownSeconds * ASSUMED.ownGb +
      (worked + steps.length * ASSUMED.hostSeconds) * ASSUMED.agentGb,
    ...storage(done),
    busEvent: events.length,
    apiRequest: apiRequests,
    logGb: (logBytes + invocations * ASSUMED.reportBytes) / GB,
    trace: 1,
  }
}

const seconds = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1_000

async function statesEntered(api: LocalApi, executionArn: string): Promise<number> {
  const client = new SFNClient({
    endpoint: api.awsUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'me', secretAccessKey: 'me' },
  })
  const { events = [] } = await client.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000 }),
  )
  client.destroy()
  // The start counts as a transition too.
  return 1 + events.filter(({ type }) => type?.endsWith('StateEntered')).length
}

/** Write units by request size, at least two, because records grow and are indexed; a read counts as one unit. */
function storage(calls: readonly AwsCall[]): Usage {
  const usage = {
    dynamodbWriteUnit: 0,
    dynamodbReadUnit: 0,
    s3Put: 0,
    s3Get: 0,
    dynamodbGbMonth: 0,
    s3GbMonth: 0,
  }
  for (const { action, bytes } of calls) {
    const [, dynamodb] = action.split('DynamoDB_20120810.')
    const isWrite = dynamodb !== undefined && /^(Put|Update|Delete)/.test(dynamodb)
    if (isWrite) {
      usage.dynamodbWriteUnit += Math.max(2, Math.ceil(bytes / KB))
      usage.dynamodbGbMonth += bytes / GB
    } else if (dynamodb) usage.dynamodbReadUnit += 1
    if (action.startsWith('PUT /')) {
      usage.s3Put += 1
      usage.s3GbMonth += bytes / GB
    }
    if (action.startsWith('GET /')) usage.s3Get += 1
  }
  return usage
}
