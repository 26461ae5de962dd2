import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, it } from 'vitest'
import { TASK_INDEXES } from '../../../shared/contracts/table-layout.ts'
import { grantedPorts } from '../../support/stores/granted-ports.ts'
import { createTable, startDynamoDB } from '../../support/stores/start-dynamodb.ts'

/** Ports whose methods put an item under `pk`: `gates` may not put items, `tasks` only items of tasks. */
async function portsThatPut(pk: string) {
  const { client, stop } = await startDynamoDB()
  await createTable(client, 'tasks', TASK_INDEXES)
  const put = new PutCommand({ TableName: 'tasks', Item: { pk, sk: 'META' } })
  const method = () => client.send(put)
  return {
    ports: grantedPorts({ gates: { passGate: method }, tasks: { createTask: method } }, [client]),
    stop,
  }
}

describe('ports that are restricted to their grants', () => {
  it('refuse another action', async () => {
    const { ports, stop } = await portsThatPut('TASK#t_1')
    await expect(ports.gates.passGate()).rejects.toThrow(
      'gates.passGate is not granted dynamodb:PutItem on tasks, keys ["TASK#t_1"]',
    )
    await stop()
  })

  it('refuse an item of another kind', async () => {
    const { ports, stop } = await portsThatPut('QUEUE#default')
    await expect(ports.tasks.createTask()).rejects.toThrow('tasks.createTask is not granted')
    await stop()
  })

  it('send what is granted', async () => {
    const { ports, stop } = await portsThatPut('TASK#t_1')
    expect(await ports.tasks.createTask()).toBeDefined()
    await stop()
  })
})
