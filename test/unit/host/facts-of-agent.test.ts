import fc from 'fast-check'
import { expect, it } from 'vitest'
import { listTaskLogs } from '../../../shared/app/views/list-task-logs.ts'
import { ListLogsSchema } from '../../../shared/contracts/list-requests.ts'
import { factsOfAgent } from '../../../shared/domain/log-facts.ts'
import { stepLog } from '../../../shared/host/step-log.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

it.each<[object, object]>([
  [{ city: 'Bern' }, { city: 'Bern' }],
  [{ data: 1 }, { data: 1 }],
  [
    { city: 'Bern', attempt: 2 },
    { city: 'Bern', data: { attempt: 2 } },
  ],
  [{ data: 1, level: 'high' }, { data: { data: 1, level: 'high' } }],
  [{ function_name: 'f', errorStack: 's' }, { data: { function_name: 'f', errorStack: 's' } }],
])('facts of an agent %j are logged as %j', (facts, logged) => {
  expect(factsOfAgent({ ...facts })).toEqual(logged)
})

it('no name of a fact is lost or changes a standard field, from the agent to the view', async () => {
  const { ports } = hostInMemory()
  const taskId = await seedTask(ports, {
    steps: { a: { capability: 'work.do' } },
    agents: [makeAgent()],
    input: {},
  })
  const standard = { taskId, stepId: 'a', attempt: 1, agentId: 'worker', requestId: 'r' }
  const viewOf = async (facts: Record<string, unknown>) => {
    let text = ''
    const say = (message: string, said: object) => {
      text = JSON.stringify({ ...said, level: 'INFO', message, service: 's', timestamp: 't' })
    }
    stepLog({ info: say, warn: say }, standard).info('said', factsOfAgent(facts))
    const line = { id: '1', time: '2026-01-01T00:00:00.000Z', functionName: 'f', text }
    const logs = { listLines: async () => ({ lines: [line], more: false, unreadable: [] }) }
    return (await listTaskLogs({ ...ports, logs })(ListLogsSchema.parse({ id: taskId }), CALLER)).logs[0]
  }
  const names = [
    ...['level', 'message', 'taskId', 'stepId', 'attempt', 'agentId', 'requestId', 'service', 'timestamp'],
    ...['from', 'data', 'function_x', 'executionArn', 'cold_start', 'errorName', 'city'],
  ]
  const name = fc.constantFrom(...names)
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, fc.integer(), { minKeys: 1 }), async (facts) => {
      const { facts: shown = {}, ...view } = (await viewOf(facts)) ?? {}
      expect(view).toMatchObject({
        level: 'INFO',
        message: 'said',
        stepId: 'a',
        attempt: 1,
        agentId: 'worker',
      })
      const { data, requestId, ...others } = shown
      expect(requestId).toBe('r')
      const kept = typeof data === 'object' && data !== null ? data : { data }
      expect(JSON.parse(JSON.stringify({ ...others, ...kept }))).toEqual({ ...facts })
    }),
    { numRuns: 50 },
  )
})
