import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeHandlers } from '../../functions/api/handlers.ts'
import { listTaskSteps } from '../../shared/app/views/read-tasks.ts'
import type { RouteId } from '../../shared/contracts/routes.ts'
import { numberedPath } from '../../shared/domain/instance-path.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { CALLER, callerOf } from '../support/stores/callers.ts'
import { seedTask } from '../support/stores/seed-task.ts'
import { startStores } from '../support/stores/start-stores.ts'

/** Lambda's documented limit for an answer, which is also below API Gateway's 10 MB. */
const LAMBDA_BYTES = 6 * 1_024 * 1_024

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

type Query = Record<string, string>
type Answer = { bytes: number; body: Body }
type Body = {
  steps: { stepId: string; input?: string; output?: string }[]
  events: { id: string }[]
  cursor?: string
}

/** What a route answers, with its bytes as a function sends them. What was stored in place of an answer is read back. */
async function ask(route: RouteId, id: string, query: Query = {}): Promise<Answer> {
  let kept = ''
  const answers = {
    keep: async (text: string) => {
      kept = text
      return 'https://bucket/answer'
    },
  }
  const handlers = makeHandlers(stores.ports, { callerOf: () => callerOf(CALLER.tenant), answers })
  const event: object = { headers: {}, pathParameters: { id }, queryStringParameters: query }
  const answer = await handlers[route](event as APIGatewayProxyEventV2)
  const bytes = Buffer.byteLength(JSON.stringify(answer))
  return { bytes, body: JSON.parse(kept || (answer.body ?? '{}')) as Body }
}

async function pagesOf(route: RouteId, id: string, query: Query = {}): Promise<Answer[]> {
  const pages: Answer[] = []
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await ask(route, id, { ...query, ...(cursor ? { cursor } : {}) })
    pages.push(page)
    cursor = page.body.cursor
  }
  return pages
}

/** A task with a fan-out whose items have ended, with one text as input and as output. */
async function seedItems(count: number, output: (index: number) => string, failedEvery = 0): Promise<string> {
  const taskId = await seedTask(stores.ports, {
    steps: { items: { capability: 'work.do', forEach: '{% [] %}', input: {} } },
    agents: [makeAgent()],
  })
  const times = { startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:01.000Z' }
  const one = async (index: number): Promise<void> => {
    const path = numberedPath('items', index)
    const failed = failedEvery > 0 && index % failedEvery === 0
    const stored = failed ? undefined : await stores.ports.values.storeValue(taskId, output(index))
    const end = failed
      ? { status: 'failed' as const, error: { name: 'X', message: 'ล้มเหลว "😀"' } }
      : { status: 'succeeded' as const, ...(stored ? { output: stored } : {}) }
    await stores.ports.steps.adoptStep(taskId, { path, ...times, ...end, input: stored })
  }
  for (let at = 0; at < count; at += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - at) }, (_, index) => one(at + index)))
  return taskId
}

describe('a task with huge inputs and outputs', () => {
  it('is answered in pages that a function can send, whatever the text is, and nothing is left out', async () => {
    const text = fc.constantFrom('a', '"', '\\', 'ก', '😀', '\u0007', '\u2028', 'é"ก😀\n')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ text, length: fc.integer({ min: 0, max: 900_000 }) }), {
          minLength: 1,
          maxLength: 14,
        }),
        async (outputs) => {
          const texts = outputs.map((one) => one.text.repeat(one.length / one.text.length))
          const taskId = await seedItems(outputs.length, (index) => texts[index] ?? '')
          const query = { inputs: 'true', outputs: 'true', under: 'items' }
          const pages = await pagesOf('listTaskSteps', taskId, query)
          for (const { bytes } of pages) expect(bytes).toBeLessThanOrEqual(LAMBDA_BYTES)
          const steps = pages.flatMap(({ body }) => body.steps)
          expect(steps.map(({ stepId }) => stepId)).toEqual(
            outputs.map((_, index) => numberedPath('items', index)),
          )
          for (const member of ['input', 'output'] as const)
            expect(steps.every((step, index) => step[member] === texts[index])).toBe(true)
        },
      ),
      { numRuns: 8 },
    )
  })
})

describe('a task of 3,000 items', () => {
  let taskId: string
  beforeAll(async () => {
    taskId = await seedItems(3_000, (index) => `ก${index}`, 10)
  }, 120_000)

  it('is read in pages, with and without a filter', async () => {
    const all = await pagesOf('listTaskSteps', taskId)
    const ids = all.flatMap(({ body }) => body.steps.map(({ stepId }) => stepId))
    expect([ids.length, new Set(ids).size, all.length]).toEqual([3_001, 3_001, 4])
    const failed = await pagesOf('listTaskSteps', taskId, { status: 'failed', limit: '200' })
    expect(failed.map(({ body }) => body.steps.length)).toEqual([200, 100])
  })

  it('reads the inputs of a page only, and none where none are asked for (inputs/I2)', async () => {
    const find = vi.spyOn(stores.ports.steps, 'findInputs')
    await ask('listTaskSteps', taskId)
    await ask('getTask', taskId)
    expect(find).not.toHaveBeenCalled()
    const { body } = await ask('listTaskSteps', taskId, { inputs: 'true', limit: '100', under: 'items' })
    expect(body.steps.map(({ input }) => input).slice(0, 3)).toEqual([undefined, 'ก1', 'ก2'])
    expect(find.mock.calls.map(([, paths]) => paths.length)).toEqual([100])
    find.mockRestore()
  })

  it('is read by key: a page of items costs the reads of one page', async () => {
    const { steps } = stores.ports
    const read = { listed: 0, found: 0 }
    const counting = {
      ...stores.ports,
      steps: {
        ...steps,
        listSteps: async (id: string) => {
          const records = await steps.listSteps(id)
          read.listed += records.length
          return records
        },
        findSteps: async (id: string, paths: readonly string[]) => {
          read.found += paths.length
          return steps.findSteps(id, paths)
        },
      },
    }
    const list = listTaskSteps(counting)
    const query = { id: taskId, limit: 100, outputs: false, inputs: false }
    const first = await list({ ...query, under: 'items' }, CALLER)
    expect(first.steps.map(({ stepId }) => stepId)).toEqual(
      Array.from({ length: 100 }, (_, at) => numberedPath('items', at)),
    )
    // With and without the filter, a page goes on where the last one ended.
    const pages = [await list({ ...query, under: 'items', cursor: first.cursor }, CALLER)]
    pages.push(await list({ ...query, cursor: first.cursor }, CALLER))
    for (const { steps: page, cursor } of pages) {
      expect(page.map(({ stepId, status }) => [stepId, status])).toEqual(
        Array.from({ length: 100 }, (_, at) => [
          numberedPath('items', 100 + at),
          (100 + at) % 10 === 0 ? 'failed' : 'succeeded',
        ]),
      )
      expect(cursor).toBe('items[199]')
    }
    expect(read.listed).toBe(0)
    expect(read.found).toBeLessThan(3 * 110)
  })

  it('tells its events in pages, in order, each once', async () => {
    const pages = await pagesOf('listTaskEvents', taskId, { limit: '1000' })
    const ids = pages.flatMap(({ body }) => body.events.map(({ id }) => id))
    expect([ids.length, new Set(ids).size]).toEqual([6_001, 6_001])
    const failed = await pagesOf('listTaskEvents', taskId, { type: 'step.failed' })
    expect(failed.flatMap(({ body }) => body.events)).toHaveLength(300)
    const ofOne = await ask('listTaskEvents', taskId, { step: 'items[7]' })
    expect(ofOne.body).toMatchObject({ events: [{ type: 'step.started' }, { type: 'step.succeeded' }] })
  })

  it('says how many are done and how many have failed, in its view and its status', async () => {
    const counts = { running: 0, succeeded: 2_700, failed: 300 }
    const { bytes, body } = await ask('getTask', taskId)
    expect(body.steps).toMatchObject([{ stepId: 'items', items: counts }])
    expect(bytes).toBeLessThan(10_000)
    expect((await ask('getTaskStatus', taskId)).body).toMatchObject({ items: { items: counts } })
  })

  it('refuses an invalid cursor', async () => {
    await expect(ask('listTaskSteps', taskId, { cursor: 'items[3000]' })).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('"items[3000]" is none of this list'),
    })
  })
})
