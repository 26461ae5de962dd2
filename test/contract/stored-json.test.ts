import { PutCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dynamodbAgents } from '../../functions/adapters/dynamodb/registry/agents.ts'
import { dynamodbWorkflows } from '../../functions/adapters/dynamodb/registry/workflows.ts'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import type { Agent } from '../../shared/domain/agent.ts'
import type { Decision } from '../../shared/domain/plan.ts'
import type { Agents, Ports, RegisteredWorkflow, Workflows } from '../../shared/ports/index.ts'
import type { Workflow } from '../../shared/workflow/schema.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { hostileJson, hostileName } from '../support/random/hostile-names.ts'
import { openTask } from '../support/stores/open-task.ts'
import { planWith } from '../support/stores/plan-with.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'
import { startStores } from '../support/stores/start-stores.ts'

let ports: Ports
let stop: () => Promise<void>
beforeAll(async () => ({ ports, stop } = await startStores()))
afterAll(() => stop())

const runs = { numRuns: 60 }
let count = 0

const registeredOf = (workflow: object, name: string): RegisteredWorkflow => ({
  workflow: { name, version: 1, description: '', taskTypes: [], steps: {}, ...workflow } as Workflow,
  stateMachineArn: 'arn',
  gates: [],
  registeredAt: '',
  active: true,
  origin: 'api',
})

describe('a record is read as it was written, for all names and values (json-items/Y1)', () => {
  it('holds for agents', async () => {
    await fc.assert(
      fc.asyncProperty(hostileJson, async (schema) => {
        const agent = makeAgent({ id: `a${++count}` })
        const [capability] = agent.capabilities
        const kept: Agent = {
          ...agent,
          capabilities: [
            { ...capability, name: 'work.do', description: '', inputSchema: {}, outputSchema: { schema } },
          ],
        }
        await ports.agents.putAgent(kept)
        expect(await ports.agents.findAgent(kept.id)).toEqual(kept)
      }),
      runs,
    )
  })

  it('holds for workflows', async () => {
    await fc.assert(
      fc.asyncProperty(hostileJson, hostileJson, async (input, output) => {
        const registered = registeredOf(
          { input: { properties: input }, output, steps: { constructor: output } },
          `w${++count}`,
        )
        await ports.workflows.publishWorkflow(registered)
        expect(await ports.workflows.findWorkflow(registered.workflow.name)).toEqual(registered)
        expect(await ports.workflows.findWorkflow(registered.workflow.name, 1)).toEqual(registered)
      }),
      runs,
    )
  })

  it('holds for tasks', async () => {
    // Excludes __proto__, which the parser drops; no request can contain it.
    const names = hostileName.filter((name) => name !== '__proto__')
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, fc.string()), async (metadata) => {
        const task = openTask({ metadata })
        await ports.tasks.createTask(task)
        expect((await ports.tasks.findTask(task.id))?.metadata).toEqual({ ...metadata })
      }),
      runs,
    )
  })

  it('holds for plans, outputs, items and effects', async () => {
    await fc.assert(
      fc.asyncProperty(hostileJson, async (value) => {
        const { id } = openTask()
        const { workflow } = registeredOf({ steps: { constructor: value } }, 'w')
        const plan = planWith({ taskId: id, input: value, workflow })
        await ports.plans.createPlan(plan)
        expect(await ports.plans.getPlan(id)).toEqual(plan)
        const stored = await ports.values.storeValue(id, value)
        const own = { taskId: id, path: 'toString', owner: 'o', fence: '1' }
        await ports.steps.takeOverStep(own, { startedAt: '2026' })
        await ports.steps.noteStep(own, { items: stored })
        await ports.steps.endStep(own, { status: 'succeeded', endedAt: '2026', output: stored })
        const [record] = await ports.steps.findSteps(id, ['toString'])
        expect(record?.output && (await ports.values.loadValue(record.output))).toEqual(value)
        expect(record?.items).toEqual(stored)
        await ports.ledger.claim(own, 'constructor', '2026')
        await ports.ledger.complete(own, 'constructor', stored)
        expect(await ports.ledger.claim(own, 'constructor', '2026')).toEqual({ kind: 'done', result: stored })
      }),
      runs,
    )
  })

  it('holds for decisions with any numbers', async () => {
    await fc.assert(
      fc.asyncProperty(hostileName, fc.array(fc.double(), { maxLength: 60 }), async (name, numbers) => {
        const { id } = openTask()
        const own = { taskId: id, path: 's', owner: 'o', fence: '1' }
        const decision: Decision = {
          stepId: name,
          capability: name,
          chosen: 'a0',
          reason: name,
          candidates: numbers.map((costUsd, at) => ({
            agentId: `a${at}`,
            eligible: true,
            reason: name,
            load: 0,
            costUsd,
          })),
        }
        const { kind } = await ports.steps.takeOverStep(own, { startedAt: '2026', decision })
        expect(kind).toBe('owned')
        const [record] = await ports.steps.findSteps(id, ['s'])
        expect(record).toMatchObject({ path: 's', status: 'running' })
        if (!numbers.every(Number.isFinite)) return
        expect(record?.decision).toMatchObject({ stepId: name, chosen: 'a0' })
        const { candidates = [], moreCandidates = 0 } = record?.decision ?? {}
        expect(candidates.length + moreCandidates).toBe(numbers.length)
      }),
      runs,
    )
  })
})

describe('a registry of an earlier release', () => {
  let agents: Agents
  let workflows: Workflows
  let put: (item: object) => Promise<unknown>
  let end: () => Promise<void>
  const told: object[] = []
  beforeAll(async () => {
    const { client, stop } = await startDynamoDB()
    await createTable(client, 'registry', REGISTRY_INDEXES)
    put = (Item) => client.send(new PutCommand({ TableName: 'registry', Item }))
    end = stop
    const onUnreadable = (facts: object): void => void told.push(facts)
    agents = dynamodbAgents({ client, table: 'registry', onUnreadable })
    workflows = dynamodbWorkflows({ client, table: 'registry', onUnreadable })
  })
  afterAll(() => end())

  const agent = makeAgent({ id: 'old' })
  const registered = registeredOf({ steps: { a: { capability: 'echo' } } }, 'old')
  const agentKey = (id: string) => ({ pk: `AGENT#${id}`, sk: 'META', kindKey: 'AGENT', nameKey: id })
  const workflowKey = (name: string) => ({
    pk: `WORKFLOW#${name}`,
    sk: 'LATEST',
    kindKey: 'WORKFLOW',
    nameKey: name,
  })

  it('is read as it was stored, as maps (json-items/Y2)', async () => {
    await put({ ...agentKey('old'), ...agent })
    await put({ ...workflowKey('old'), registered })
    expect(await agents.findAgent('old')).toEqual(agent)
    expect(await agents.listAgents()).toEqual([agent])
    expect(await workflows.findWorkflow('old')).toEqual(registered)
    expect(await workflows.listWorkflows()).toEqual([registered])
  })

  it('reports a record that cannot be read, and reads the others (json-items/Y3)', async () => {
    await put({ ...agentKey('bad'), json: '{"id":"bad"}' })
    await put({ ...agentKey('worse'), json: '{' })
    await put({ ...workflowKey('bad'), json: '{"workflow":{"name":"bad"}}' })
    expect((await agents.listAgents()).map(({ id }) => id)).toEqual(['old'])
    expect((await workflows.listWorkflows()).map(({ workflow }) => workflow.name)).toEqual(['old'])
    expect(await agents.findAgent('bad')).toBeUndefined()
    expect(told).toEqual(
      expect.arrayContaining([
        { pk: 'AGENT#bad', sk: 'META', reason: expect.stringContaining('version') },
        { pk: 'AGENT#worse', sk: 'META', reason: expect.stringContaining('SyntaxError') },
        { pk: 'WORKFLOW#bad', sk: 'LATEST', reason: expect.stringContaining('workflow.version') },
      ]),
    )
  })

  it('refuses what does not fit, before anything is written', async () => {
    const large = { ...makeAgent({ id: 'large' }), description: 'x'.repeat(400_000) }
    await expect(agents.putAgent(large)).rejects.toMatchObject({ name: 'ContentTooLargeError' })
    expect(await agents.findAgent('large')).toBeUndefined()
  })
})
