import { expect, it } from 'vitest'
import { listTaskLogs } from '../../../shared/app/views/list-task-logs.ts'
import { ListLogsSchema } from '../../../shared/contracts/list-requests.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

it('the logs of a step are looked for in the functions of its own agents, and of those that have tried it', async () => {
  const { ports } = hostInMemory()
  const agent = (id: string, capability: string) =>
    makeAgent({ id, capability, functionArn: `arn:aws:lambda:us-east-1:000000000000:function:o-agent-${id}` })
  const taskId = await seedTask(ports, {
    steps: {
      a: { capability: 'a.do' },
      ab: { capability: 'b.do' },
      each: { forEach: '{% [1] %}', steps: { draft: { capability: 'c.do' } } },
    },
    agents: [agent('a', 'a.do'), agent('b', 'b.do'), agent('c', 'c.do')],
    input: {},
  })
  const own = { taskId, path: 'a', owner: 'x', fence: '1' }
  await ports.steps.takeOverStep(own, { agentId: 'b', startedAt: '2026-01-01T00:00:00.000Z' })
  const asked: (readonly string[])[] = []
  const logs = {
    listLines: async ({ functionNames }: { functionNames: readonly string[] }) => {
      asked.push(functionNames.toSorted())
      return { lines: [], more: false, unreadable: [] }
    },
  }
  for (const step of [undefined, 'a', 'ab', 'each', 'each[0]', 'each[0].draft'])
    await listTaskLogs({ ...ports, logs })(ListLogsSchema.parse({ id: taskId, step }), CALLER)
  const [a, b, c] = ['o-agent-a', 'o-agent-b', 'o-agent-c']
  expect(asked).toEqual([[a, b, c], [a, b], [b], [c], [c], [c]])
  const unknown = listTaskLogs({ ...ports, logs })(
    ListLogsSchema.parse({ id: taskId, step: 'eech[0]' }),
    CALLER,
  )
  await expect(unknown).rejects.toMatchObject({
    name: 'NotFoundError',
    message: expect.stringMatching(/has no step "eech\[0\]".*each/),
  })
  const never = ListLogsSchema.parse({ id: taskId, cursor: '5754-85-54T5682:1166Z#~347365' })
  await expect(listTaskLogs({ ...ports, logs })(never, CALLER)).rejects.toThrow('is not a cursor')
})
