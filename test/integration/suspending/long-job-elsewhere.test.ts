import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { expect, it, onTestFinished } from 'vitest'
import { elsewhereAgents } from '../../../functions/adapters/elsewhere/elsewhere.ts'
import type { Callback } from '../../../shared/agent/index.ts'
import { type AgentCall, AgentCallSchema } from '../../../shared/contracts/agent-contract.ts'
import { ElsewhereSettingsSchema } from '../../../shared/domain/elsewhere/settings.ts'
import { elsewhereAgent } from '../../../shared/host/elsewhere/elsewhere-agent.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { type SuspendedWorld, suspendedWorld } from '../../support/agents/suspended-world.ts'

const HOUR = 3_600

/** A server whose work is long: it answers 202, and what it is asked is kept. */
async function longWorker() {
  const calls: AgentCall[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      calls.push(AgentCallSchema.parse(JSON.parse(Buffer.concat(chunks).toString())))
      response
        .writeHead(202, { 'content-type': 'application/json' })
        .end(JSON.stringify({ timeoutSeconds: 2 * HOUR, costUsd: 0.5 }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls }
}

/** A deployment in virtual time whose agent is that server; how long each call of its host has taken, in virtual seconds. */
async function deployment(origin: string) {
  const took: number[] = []
  const allowed = ElsewhereSettingsSchema.parse({ privateOrigins: [origin] })
  const world: SuspendedWorld = await suspendedWorld({
    turns: {
      worker: async (context, input) => {
        const began = world.seconds()
        const real = elsewhereAgents({
          client: new LambdaClient({ region: 'us-east-1' }),
          now: () => new Date(world.clock.now()),
        })
        const agent = {
          ...makeAgent({ id: 'worker' }),
          capabilities: [
            { name: 'job.run', description: '', inputSchema: {}, outputSchema: {}, suspends: true },
          ],
          elsewhere: { kind: 'http', url: origin } as const,
        }
        const elsewhere = {
          ...real,
          // Virtual time waits for a real connection.
          call: (...asked: Parameters<typeof real.call>) => world.clock.hold(() => real.call(...asked)),
        }
        try {
          return await elsewhereAgent({ ...world.ports, elsewhere, allowed }, agent, []).execute(
            { capability: 'job.run', input },
            context,
          )
        } finally {
          took.push(world.seconds() - began)
        }
      },
    },
  })
  return { world, took }
}

const job = (calls: readonly AgentCall[]): Callback => calls[0]?.callback ?? { url: '', token: '' }

it('a job of an hour elsewhere takes two calls of its host, no second between them, and one request', async () => {
  const { origin, calls } = await longWorker()
  const { world, took } = await deployment(origin)
  const taskId = await world.submit({ build: { capability: 'job.run', input: { of: 'a' } } })
  const later = world.later(HOUR, async () => {
    expect(await world.taskOf(taskId)).toMatchObject({ status: 'waiting' })
    await world.answer(job(calls), { artifact: 'a.zip' })
  })
  expect(await world.ended(taskId)).toMatchObject({ status: 'succeeded', cost: { usd: 0.5 } })
  await later
  expect(await world.outputOf(taskId, 'build')).toEqual({ artifact: 'a.zip' })
  expect(calls).toHaveLength(1)
  expect(world.calls.map(({ at }) => at)).toEqual([0, HOUR])
  expect(took).toEqual([0, 0])
})

it('a job elsewhere that fails, or says nothing, fails its step with what it has said', async () => {
  const { origin, calls } = await longWorker()
  const { world } = await deployment(origin)
  const failing = await world.submit({ build: { capability: 'job.run' } })
  const later = world.later(60, () => world.fail(job(calls), 'no space left'))
  expect(await world.ended(failing)).toMatchObject({ status: 'failed' })
  expect((await world.recordOf(failing, 'build'))?.attempts).toMatchObject([
    { error: { name: 'AgentFinalError', message: expect.stringContaining('JobError: no space left') } },
  ])
  await later
  const silent = await world.submit({ build: { capability: 'job.run' } })
  expect(await world.ended(silent)).toMatchObject({ status: 'failed' })
  expect((await world.recordOf(silent, 'build'))?.attempts).toMatchObject([
    { error: { message: expect.stringContaining('the wait has ended by timeout') } },
  ])
})
