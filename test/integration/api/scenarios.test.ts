import { beforeAll, describe, it } from 'vitest'
import { type Door, openDoor } from '../../scenarios/door.ts'
import { SCENARIOS } from '../../scenarios/scenarios.ts'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
let door: Door
beforeAll(async () => {
  api = await sharedApi()
  const { apiUrl, awsUrl } = api
  const credentials = { accessKeyId: 'person', secretAccessKey: 'person' }
  const place = {
    apiUrl,
    awsUrl,
    credentials,
    region: 'us-east-1',
    prefix: 'orchestrator',
    tellsOfEnds: true,
  }
  door = openDoor(place)
})

describe('the local cloud', () => {
  it.each(SCENARIOS)('$name', ({ run }) => run(door))
})
