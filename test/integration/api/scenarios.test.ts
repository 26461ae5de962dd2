import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Door, openDoor } from '../../scenarios/door.ts'
import { SCENARIOS } from '../../scenarios/scenarios.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

let api: LocalApi
let door: Door
beforeAll(async () => {
  api = await startApi()
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
afterAll(() => api.stop())

describe('the local cloud', () => {
  it.each(SCENARIOS)('$name', ({ run }) => run(door))
})
