/** Two agents with one capability, through the whole local cloud: selection, failover, circuit breaker, rate limits, model costs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROUTES } from '../../shared/contracts/routes.ts'
import { copyProject } from '../support/cloud/copy-project.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'

const agentFile = (id: string, more: string, capability = 'prose.write'): string => `
import { existsSync } from 'node:fs'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

export default defineAgent({
  id: '${id}',
  version: '1.0.0',
  description: 'Writes, unless it is broken.',
  ${more}
  capabilities: {
    '${capability}': {
      description: 'Writes.',
      input: z.object({ log: z.string() }),
      output: z.object({ by: z.string() }),
    },
  },
  async execute({ input }, context) {
    if (existsSync(input.log + '/broken ${id}')) throw new Error('${id} is broken')
    context.spend({ model: 'house-model', inputTokens: 100_000, outputTokens: 10_000 })
    return { by: '${id}' }
  },
})
`

const project = copyProject({ validated: false })
const log = mkdtempSync(join(tmpdir(), 'rivals-'))
let api: LocalApi
beforeAll(async () => {
  project.write('functions/agents/eager/index.ts', agentFile('eager', "tags: ['eu'],"))
  project.write('functions/agents/steady/index.ts', agentFile('steady', "tags: ['us'],"))
  project.write(
    'functions/agents/paced/index.ts',
    agentFile('paced', 'limits: { ratePerMinute: 8 },', 'text.pace'),
  )
  project.write('stages/priced.yaml', 'prices: { models: { house-model: { input: 0.5, output: 2 } } }\n')
  expect(project.synthesize({ stage: 'priced' })).toMatchObject({ status: 0 })
  api = await startApi({ assembly: project.out })
}, 60_000)
afterAll(async () => {
  await api?.stop()
  project.remove()
  rmSync(log, { recursive: true })
})

const breakAgent = (id: string) => writeFileSync(join(log, `broken ${id}`), '')
const mendAgent = (id: string) => rmSync(join(log, `broken ${id}`))

async function write(more: object = {}) {
  const step = {
    capability: 'prose.write',
    input: { log: '{% $input.log %}' },
    retry: { maxAttempts: 1 },
    ...more,
  }
  const { taskId, ...answer } = await api.submitOwn({ name: 'w', steps: { write: step } }, { log })
  expect(answer).toMatchObject({ status: 202 })
  const { cost } = ROUTES.getTask.success.output.parse(await api.ended(taskId))
  return { cost, ...(await api.ask('getTaskStep', { id: taskId, stepId: 'write' })) }
}
const agent = (id: string) => api.ask('getAgent', { id })

it('calls only agents with the required tags, and counts their cost', async () => {
  const step = await write({ prefer: { tags: ['us'] } })
  expect(step).toMatchObject({
    status: 'succeeded',
    output: { by: 'steady' },
    cost: { usd: expect.closeTo(0.07, 9), tokens: 110_000 },
  })
  const excluded = step.decision?.candidates.find(({ agentId }) => agentId === 'eager')
  expect(excluded).toMatchObject({ eligible: false, reason: expect.stringContaining('us') })
  const { health } = await agent('steady')
  expect(health?.['prose.write']).toMatchObject({
    calls: 1,
    successRate: 1,
    tokens: expect.closeTo(110_000, 0),
  })
})

it('fails over to the other agent when one fails for good, and records its attempts (rebind/B2)', async () => {
  breakAgent('eager')
  const step = await write({ fallback: ['steady'], agent: 'eager', capability: undefined })
  expect(step).toMatchObject({
    status: 'succeeded',
    agentId: 'steady',
    attempts: [{ agentId: 'eager', error: { message: 'eager is broken' } }],
  })
  mendAgent('eager')
})

it('uses the other agent when one has reached its rate limit: a refusal is no attempt (admission/T2)', async () => {
  // More calls than the rate limit allows, even if a new minute begins in between.
  const only = { agent: 'paced', capability: undefined, fallback: ['eager'] }
  const steps = await Promise.all(Array.from({ length: 17 }, () => write(only)))
  const others = steps.filter(({ agentId }) => agentId === 'eager')
  expect(others.length).toBeGreaterThan(0)
  for (const { status, attempts } of steps)
    expect({ status, attempts }).toEqual({ status: 'succeeded', attempts: [] })
})

it('opens the breakers of agents that fail repeatedly, but never of all of them (breaker/K1, breaker/K5)', async () => {
  breakAgent('eager')
  breakAgent('steady')
  for (let tasks = 0; tasks < 5; tasks++) {
    const { status, attempts } = await write()
    expect({ status, tried: attempts.map(({ agentId }) => agentId).toSorted() }).toEqual({
      status: 'failed',
      tried: ['eager', 'steady'],
    })
  }
  expect([(await agent('eager')).now?.breaker, (await agent('steady')).now?.breaker]).toEqual([
    'open',
    'open',
  ])
  mendAgent('eager')
  mendAgent('steady')
  const { status, attempts, decision } = await write()
  expect({ status, attempts }).toEqual({ status: 'succeeded', attempts: [] })
  const resting = decision?.candidates.filter(({ eligible }) => !eligible)
  expect(resting).toHaveLength(1)
  expect(resting?.[0]?.reason).toMatch(/failed|breaker|rest/)
})
