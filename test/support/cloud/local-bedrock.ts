import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bedrockClient, bedrockModel } from '../../../functions/adapters/models/bedrock.ts'
import { answerAws } from '../../../local/aws/answer.ts'
import type { ModelSource } from '../../../local/bedrock-runtime/service.ts'
import { createEndpoint } from '../../../local/endpoint/endpoint-server.ts'
import { startServices } from '../../../local/services.ts'

export const ID = 'amazon.nova-lite-v1:0'
export const MODEL = `arn:aws:bedrock:us-east-1::foundation-model/${ID}`
export const PROFILE = `arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.${ID}`

const open: AsyncDisposable[] = []

/** Stops all that a test has started. */
export async function stopBedrock(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]()
}

/** The services behind their endpoint, and a role that may do what the statements say. */
export async function startBedrock(
  models: ModelSource | undefined,
  statements: { action: string; on: string; profile?: string }[],
) {
  const services = await startServices({ callTimeouts: true, models })
  const endpoint: Server = createEndpoint((request) =>
    answerAws({ ...services, onCloudFormationAnswer: () => undefined }, request),
  )
  endpoint.listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  open.push({
    async [Symbol.asyncDispose]() {
      endpoint.closeAllConnections()
      endpoint.close()
      await services.stop()
      await services.closeStorage()
    },
  })
  services.iam.putRole('agent', 'arn:aws:iam::000000000000:role/agent')
  services.iam.attach(
    'agent',
    statements.map(({ action, on, profile }) => ({
      Effect: 'Allow',
      Action: [`bedrock:${action}`],
      Resource: [on],
      ...(profile ? { Condition: { StringEquals: { 'bedrock:InferenceProfileArn': [profile] } } } : {}),
    })),
  )
  const of = services.iam.credentialsOf('arn:aws:iam::000000000000:role/agent')
  return {
    endpoint: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: of.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: of.AWS_SECRET_ACCESS_KEY ?? '' },
  }
}

/** What an agent that needs the model may do. */
export const ALL = ['InvokeModel', 'InvokeModelWithResponseStream', 'CountTokens'].map((action) => ({
  action,
  on: MODEL,
}))
export const localModel = (config: Awaited<ReturnType<typeof startBedrock>>, id = ID) =>
  bedrockModel(
    { name: 'default', provider: 'bedrock', id, structured: 'tool', contextTokens: 8_000 },
    { client: bedrockClient(config), silenceMilliseconds: 5_000 },
  )
export const textIn = (parts: readonly object[]) =>
  parts.flatMap((part) => ('text' in part ? [part.text] : [])).join('')
