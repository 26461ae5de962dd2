import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Door, openDoor } from '../scenarios/door.ts'
import { SCENARIOS } from '../scenarios/scenarios.ts'
import { cdk, deploy } from './deploy.ts'
import { type Emulator, MissingEmulatorError, startEmulator } from './emulator.ts'

let emulator: Emulator | undefined
let door: Door | undefined

beforeAll(async () => {
  emulator = await startEmulator().catch((error: unknown) => {
    if (!(error instanceof MissingEmulatorError)) throw error
    console.warn(`SKIPPED: ${error.message}`)
    return undefined
  })
  if (!emulator) return
  await cdk(emulator, 'bootstrap')
  const outputs = await deploy(emulator)
  const apiUrl = Object.values(outputs['orchestrator-runtime'] ?? {}).find((value) =>
    value.includes('execute-api'),
  )
  if (!apiUrl) throw new Error(`no address of the API among the outputs: ${JSON.stringify(outputs)}`)
  const { hostname } = new URL(apiUrl)
  const { port } = new URL(emulator.url)
  door = openDoor({
    apiUrl: `http://${hostname.split('.')[0]}.execute-api.localhost:${port}`,
    awsUrl: emulator.url,
    region: 'us-east-1',
    prefix: 'orchestrator',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    // It publishes no status changes of executions: the reconciler has to do.
    tellsOfEnds: false,
  })
}, 600_000)
afterAll(() => emulator?.stop())

describe('an emulator that the CDK has deployed to', () => {
  it.for(SCENARIOS)('$name', ({ run }, { skip }) =>
    door ? run(door) : skip('the emulator cannot be had here'),
  )
})
