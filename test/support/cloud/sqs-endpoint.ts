import type { AddressInfo } from 'node:net'
import { SQSClient } from '@aws-sdk/client-sqs'
import { createEndpoint } from '../../../local/endpoint/endpoint-server.ts'
import { IamService } from '../../../local/iam/service.ts'
import { SqsService } from '../../../local/sqs/service.ts'
import { answerSqs } from '../../../local/sqs/wire/wire.ts'
import type { EngineClock } from '../../../local/stepfunctions/run/clock.ts'

const PLACE = { account: '000000000000', region: 'us-east-1' }

/** The local SQS behind its port, and AWS's own client for it. */
export async function startSqs({
  clock,
  iam = new IamService(),
}: {
  clock?: EngineClock
  iam?: IamService
} = {}) {
  const sqs = new SqsService({ ...PLACE, ...(clock ? { clock } : {}) })
  const services = { ...PLACE, iam, sqs }
  const server = createEndpoint((request) =>
    answerSqs(services, String(request.headers['x-amz-target']), request),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = clientOf(endpoint)
  return {
    sqs,
    iam,
    client,
    endpoint,
    stop() {
      client.destroy()
      sqs.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** No retries: what is refused is refused. */
export const clientOf = (
  endpoint: string,
  credentials = { accessKeyId: 'person', secretAccessKey: 'secret' },
): SQSClient => new SQSClient({ endpoint, region: PLACE.region, credentials, maxAttempts: 1 })
