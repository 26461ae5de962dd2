import type { LocalCloud, LocalCloudOptions } from '../../local/local-cloud.ts'
import type { Inspect } from './inspect.ts'
import type { openLogs } from './open-logs.ts'

type Start = {
  assembly: string
  port: number
  awsPort: number
  folder?: string
  logs: Awaited<ReturnType<typeof openLogs>>
  environment: NonNullable<LocalCloudOptions['environment']>
  inspect?: Inspect
  auth: boolean
}

/** Starts the local cloud as the options of `orchestrator dev` say. */
export async function startCloud({
  assembly,
  port,
  awsPort,
  folder,
  logs,
  environment,
  inspect,
  auth,
}: Start): Promise<LocalCloud> {
  // Loaded only here: help and completion load every command.
  const { startLocalCloud } = await import('../../local/local-cloud.ts')
  return startLocalCloud({
    assembly,
    apiPort: port,
    auth,
    awsPort,
    environment,
    // For models of Bedrock; those of other providers are called by the functions themselves.
    models: {
      scriptFile: process.env.ORCHESTRATOR_MODEL_SCRIPT,
      url: process.env.ORCHESTRATOR_MODEL_URL,
      model: process.env.ORCHESTRATOR_MODEL,
    },
    onLog: logs.write,
    readLog: logs.read,
    onDeadLetter: (queue, reason) => logs.write('dead-letters', `${queue}: ${reason}\n`),
    ...(folder ? { dataFolder: folder } : {}),
    ...(inspect ? { inspect } : {}),
  })
}
