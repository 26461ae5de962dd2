/**
 * A deployment and callers who publish one workflow at once, in every interleaving of their operations; with the adapters' own expressions.
 */
import { expect, it } from 'vitest'
import { dynamodbAgents } from '../../functions/adapters/dynamodb/registry/agents.ts'
import { dynamodbCollectables } from '../../functions/adapters/dynamodb/registry/collectables.ts'
import { dynamodbWorkflows } from '../../functions/adapters/dynamodb/registry/workflows.ts'
import { nodeIds, systemClock } from '../../functions/adapters/node-ids.ts'
import { registerDeployment } from '../../shared/app/catalogue/register-deployment.ts'
import { registerWorkflow } from '../../shared/app/catalogue/register-workflow.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import type { RegisteredWorkflow } from '../../shared/ports/index.ts'
import { WorkflowSchema } from '../../shared/workflow/schema.ts'
import { exploreInterleavings, type Situation } from '../support/models/all-interleavings.ts'
import { CALLER } from '../support/stores/callers.ts'
import { clientOf, type ImmediateTable } from '../support/stores/immediate-table.ts'

const workflow = (version: number, description: string) =>
  WorkflowSchema.parse({ name: 'raced', version, description, steps: { a: { wait: { seconds: 1 } } } })

const portsOf = (client: ReturnType<typeof clientOf>) => ({
  agents: dynamodbAgents({ client, table: 't' }),
  workflows: dynamodbWorkflows({ client, table: 't' }),
  collectables: dynamodbCollectables({ client, table: 't' }),
  ids: nodeIds(systemClock),
  clock: { now: () => new Date('2026-11-28T12:00:00Z') },
  machines: {
    arnOf: (name: string) => `arn:${name}`,
    ensure: async ({ name }: { name: string }) => `arn:${name}`,
    publish: async (arn: string) => arn,
    remove: async () => true,
  },
  // These workflows have no shared state.
  tasks: { listOpenTasks: unasked } as never,
  values: {} as never,
  sharedState: {} as never,
})

/** Ports that only the removal of agents asks, and no agent is removed here. */
const unasked = () => Promise.reject(new Error('is not asked here'))
const deploy = (ports: ReturnType<typeof portsOf>, description: string) =>
  registerDeployment({
    ...ports,
    plans: {} as never,
    steps: {} as never,
  })({
    agents: [],
    workflows: [{ workflow: workflow(1, description), stateMachineArn: 'arn:deployed', gates: [] }],
  })

/** Publishes a version as a caller would; a refusal is an end like another. */
async function publish(ports: ReturnType<typeof portsOf>, version: number, description: string) {
  try {
    await registerWorkflow(ports)({ name: 'raced', workflow: workflow(version, description) }, CALLER)
  } catch (error) {
    if (!isOrchestratorError(error, 'ConflictError')) throw error
  }
}

const recordsIn = ({
  items,
}: ImmediateTable): { latest?: RegisteredWorkflow; versions: RegisteredWorkflow[] } => {
  const records = [...items.values()].flatMap((item) => {
    const { sk, json } = item as { sk: { S: string }; json?: { S: string } }
    return json ? [{ sk: sk.S, record: JSON.parse(json.S) as RegisteredWorkflow }] : []
  })
  const latest = records.find(({ sk }) => sk === 'LATEST')?.record
  const versions = records.flatMap(({ sk, record }) => (sk.startsWith('VERSION#') ? [record] : []))
  return { ...(latest && { latest }), versions }
}

const contentsIn = (table: ImmediateTable): Record<string, string> =>
  Object.fromEntries(
    recordsIn(table).versions.map(({ workflow: { version, description } }) => [version, description]),
  )

/** Explores what `processes` do at once after `first`; at each end `atEnd` is told the table. */
async function explore(
  first: (ports: ReturnType<typeof portsOf>) => Promise<unknown>,
  processes: Record<string, (ports: ReturnType<typeof portsOf>) => Promise<unknown>>,
  atEnd: (table: ImmediateTable) => void,
) {
  let ends = 0
  const explored = await exploreInterleavings(({ table, world }: Situation) => {
    let [running, seen] = [Object.keys(processes).length, {} as Record<string, string>]
    const start = async () => {
      await first(portsOf(clientOf(table)))
      seen = contentsIn(table)
      for (const [who, work] of Object.entries(processes))
        world.start(async () => {
          await work(portsOf(world.clientFor(who)))
          running -= 1
        })
    }
    world.start(start)
    return {
      check() {
        const now = contentsIn(table)
        // deployment/D5, publish/V1
        expect(now).toMatchObject(seen)
        seen = now
        if (running > 0) return
        ends += 1
        atEnd(table)
      },
    }
  })
  expect(ends).toBeGreaterThan(0)
  return explored
}

it('keeps what each version holds while a deployment and a caller take the same number (deployment/D6, publish/V5)', async () => {
  const { orders } = await explore(
    (ports) => publish(ports, 1, 'first'),
    { deployment: (ports) => deploy(ports, 'deployed'), caller: (ports) => publish(ports, 2, 'published') },
    (table) => {
      const { latest, versions } = recordsIn(table)
      expect(latest).toMatchObject({
        origin: 'deployment',
        active: true,
        workflow: { description: 'deployed' },
      })
      expect(versions.filter(({ workflow }) => workflow.description === 'deployed')).toHaveLength(1)
    },
  )
  expect(orders).toBeGreaterThan(20)
})

it('leaves a version to the deployment when a caller publishes the same content (publish/V5, workflows/W5)', async () => {
  await explore(
    async () => {},
    { deployment: (ports) => deploy(ports, 'same'), caller: (ports) => publish(ports, 1, 'same') },
    (table) => {
      const { latest, versions } = recordsIn(table)
      expect([latest, ...versions]).toMatchObject([
        { origin: 'deployment', stateMachineArn: 'arn:deployed' },
        { origin: 'deployment', stateMachineArn: 'arn:deployed' },
      ])
    },
  )
})

it('keeps what each version holds while two deployments change a workflow at once (deployment/D6)', async () => {
  await explore(
    (ports) => deploy(ports, 'first'),
    { one: (ports) => deploy(ports, 'one'), other: (ports) => deploy(ports, 'other') },
    (table) => {
      expect(Object.values(contentsIn(table)).sort()).toEqual(['first', 'one', 'other'])
    },
  )
})
