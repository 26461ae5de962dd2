import { describe, expect, it } from 'vitest'
import { getWorkflow } from '../../../shared/app/catalogue/read-workflows.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'

async function worldWith(versions: readonly number[]) {
  const world = hostInMemory()
  await world.ports.agents.putAgent(makeAgent())
  for (const version of versions) {
    const steps = { a: { capability: 'work.do' } }
    const { workflow } = validateWorkflow({ name: 'report', version, steps })
    if (!workflow) throw new Error('the workflow of this test is not right')
    const stateMachineArn = `arn:aws:states:us-east-1:1:stateMachine:report:${version}`
    const more = { gates: [], registeredAt: '', active: true, origin: 'deployment' as const }
    await world.ports.workflows.putWorkflow({ workflow, stateMachineArn, ...more })
  }
  const submit = (workflow: string) => submitTask(world.ports)({ workflow, input: {}, metadata: {} }, CALLER)
  return { ...world, submit }
}

describe('a version of a workflow', () => {
  it('is run where a request names it; without one the newest is', async () => {
    const { submit } = await worldWith([1, 2])
    expect(await submit('report@1')).toMatchObject({ workflow: { name: 'report', version: 1 } })
    expect(await submit('report')).toMatchObject({ workflow: { name: 'report', version: 2 } })
  })

  it('is looked up as it is run', async () => {
    const { ports } = await worldWith([1, 2])
    expect(await getWorkflow(ports)({ name: 'report@1' }, CALLER)).toMatchObject({
      name: 'report',
      version: 1,
    })
  })

  it('that is not there is told with those that are', async () => {
    const { submit } = await worldWith([1, 2])
    await expect(submit('report@9')).rejects.toMatchObject({
      name: 'NotFoundError',
      message: 'there is no workflow "report@9"; there is report@1, report@2',
    })
    await expect(submit('reprot@1')).rejects.toMatchObject({
      name: 'NotFoundError',
      message: expect.stringContaining('there is no workflow "reprot@1"'),
    })
  })
})
