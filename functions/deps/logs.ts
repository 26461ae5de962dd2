import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import type { Logs } from '../../shared/ports/logs.ts'
import { cloudwatchLogs } from '../adapters/cloudwatch/logs.ts'
import { environment } from './environment.ts'
import { once } from './once.ts'

export const logs = (): Logs =>
  once('logs', () => {
    const { REBIND_FUNCTION, CONTROL_FUNCTION } = environment()
    return cloudwatchLogs({
      client: new CloudWatchLogsClient({}),
      ownFunctions: [REBIND_FUNCTION, CONTROL_FUNCTION].flatMap((arn) => arn?.split(':').at(6) ?? []),
      now: Date.now,
    })
  })
