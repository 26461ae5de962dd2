/** The scenarios of every deployment, run in a real AWS account with the stacks deployed; their tasks cost a cent. */
import { fromNodeProviderChain } from '@aws-sdk/credential-providers'
import { beforeAll, describe, it } from 'vitest'
import { type Door, openDoor } from '../scenarios/door.ts'
import { SCENARIOS } from '../scenarios/scenarios.ts'

const { ORCHESTRATOR_URL, ORCHESTRATOR_PREFIX = 'orchestrator' } = process.env

let door: Door
beforeAll(async () => {
  if (!ORCHESTRATOR_URL)
    throw new Error(
      'set ORCHESTRATOR_URL to the ApiUrl that the deployment has told, with AWS credentials in the environment',
    )
  const url = new URL(ORCHESTRATOR_URL)
  // A domain of one's own does not say the region.
  const [, region = process.env.AWS_REGION ?? ''] = /\.execute-api\.([\w-]+)\./.exec(url.hostname) ?? []
  const credentials = await fromNodeProviderChain()()
  const awsUrl = process.env.AWS_ENDPOINT_URL
  door = openDoor({
    apiUrl: url.origin,
    ...(awsUrl ? { awsUrl } : {}),
    region,
    prefix: ORCHESTRATOR_PREFIX,
    credentials,
    tellsOfEnds: true,
  })
})

describe('the account', () => {
  it.for(SCENARIOS)('$name', async ({ run, withoutModel }, { skip }) => {
    if (withoutModel && (await door.ask('listModels')).models.length > 0) skip('the stage configures a model')
    await run(door)
  })
})
