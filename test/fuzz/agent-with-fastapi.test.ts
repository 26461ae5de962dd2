/** The example of an agent with FastAPI, called as the host of agents elsewhere calls it; skipped where Python or its packages are missing. */
import { join } from 'node:path'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { elsewhereAgents } from '../../functions/adapters/elsewhere/elsewhere.ts'
import { NOTHING_ALLOWED } from '../../shared/domain/elsewhere/settings.ts'
import { readAnswer } from '../../shared/host/elsewhere/read-answer.ts'
import { installPackages, MissingPythonError } from '../emulator/python-packages.ts'
import { type ExampleServer, startExample } from '../support/cloud/example-server.ts'

const FOLDER = join(import.meta.dirname, '../../examples/agents-python')
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
const OTHER = `whsec_${Buffer.alloc(32, 6).toString('base64')}`

/** Uvicorn tells its port in another way than the other examples: this process tells it in theirs. */
const START = `
import socket, uvicorn
listening = socket.socket()
listening.bind(('127.0.0.1', 0))
# Connections wait until the server takes them.
listening.listen(64)
print('listening on', listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config('app:app', log_level='warning')).run(sockets=[listening])
`

function commands(): string | undefined {
  try {
    return installPackages(join(FOLDER, 'requirements.txt'), 'agents-python')
  } catch (error) {
    if (!(error instanceof MissingPythonError)) throw error
    console.warn(`the example with FastAPI is not tested: ${error.message}`)
    return undefined
  }
}

const bin = commands()

describe.skipIf(bin === undefined)('the agent with FastAPI', () => {
  let server: ExampleServer
  beforeAll(async () => {
    // Two secrets, as while one is rotated.
    const env = { PRICING_SECRETS: `${OTHER} ${SECRET}` }
    server = await startExample(join(bin ?? '', 'python'), ['-c', START], { cwd: FOLDER, env })
  })
  afterAll(() => void server?.child.kill('SIGKILL'))

  const agents = (at = new Date()) =>
    elsewhereAgents({
      client: new LambdaClient({ region: 'us-east-1' }),
      now: () => at,
    })
  const allowed = () => ({ ...NOTHING_ALLOWED, privateOrigins: [server.origin] })
  const call = async (
    input: object,
    { secret = SECRET as string | null, at = new Date(), id = 'msg_1' } = {},
  ) => {
    const reply = await agents(at).call(
      { kind: 'http', url: `${server.origin}/`, secret: 'PRICING' },
      {
        id,
        allowed: allowed(),
        body: JSON.stringify({ id, input }),
        secret: secret ?? undefined,
        timeoutSeconds: 10,
        signal: new AbortController().signal,
      },
    )
    return readAnswer(reply, new Date())
  }

  it('answers signed calls, a repetition as the first', async () => {
    const output = { usd: 360, city: 'Oslo' }
    const first = await call({ city: 'Oslo', travellers: 2 }, { id: 'msg_a' })
    expect(first).toEqual({ kind: 'output', output, costUsd: 0.001 })
    expect(await call({ city: 'Oslo', travellers: 2 }, { id: 'msg_a', secret: OTHER })).toEqual(first)
  })

  it('refuses calls that are not signed, are signed by another, or are old', async () => {
    const refused = { kind: 'final', details: { status: 401 } }
    expect(await call({ city: 'Oslo' }, { secret: null })).toMatchObject(refused)
    const another = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
    expect(await call({ city: 'Oslo' }, { secret: another })).toMatchObject(refused)
    const old = new Date(Date.now() - 3_600_000)
    expect(await call({ city: 'Oslo' }, { at: old })).toMatchObject(refused)
  })

  it('tells which city it does not know, and is well', async () => {
    expect(await call({ city: 'Atlantis' }, { id: 'msg_b' })).toMatchObject({
      kind: 'final',
      message: expect.stringContaining('422: No such city: no fare for "Atlantis"'),
    })
    const place = { kind: 'http', url: server.origin } as const
    expect(await agents().ping(place, { timeoutSeconds: 5, allowed: allowed() })).toBeUndefined()
  })
})
