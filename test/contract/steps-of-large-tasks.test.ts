/** The views of a task with loops and fan-outs read what they need, and show what they would show of all records. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listTaskEvents } from '../../shared/app/views/list-events.ts'
import { listTaskSteps, showTaskStep } from '../../shared/app/views/read-tasks.ts'
import type { StepView } from '../../shared/contracts/views.ts'
import type { StepRecord } from '../../shared/domain/step.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { CALLER } from '../support/stores/callers.ts'
import { seedTask } from '../support/stores/seed-task.ts'
import { startStores } from '../support/stores/start-stores.ts'

let ports: Ports
let stop: () => Promise<void>
let id: string
beforeAll(async () => {
  ;({ ports, stop } = await startStores())
  const agentStep = { capability: 'work.do', input: {} }
  const steps = {
    a: agentStep,
    chosen: { capability: '{% $input.which %}', oneOf: ['work.do'], bind: 'late', input: {} },
    each: { ...agentStep, forEach: '{% $input.list %}' },
    // A name that begins as another one does.
    each_too: { ...agentStep, forEach: '{% $input.list %}' },
    wide: { forEach: '{% $input.list %}', steps: { x: agentStep, y: agentStep } },
    again: {
      repeat: {
        maxIterations: 3,
        until: '{% false %}',
        steps: { draft: agentStep, inner: { ...agentStep, forEach: '{% $input.list %}' } },
      },
    },
  }
  id = await seedTask(ports, { steps, agents: [makeAgent()], input: { list: [1, 2, 3], which: 'work.do' } })
  for (const [path, status] of Object.entries(RECORDS)) {
    const at = '2026-11-29T00:00:00.000Z'
    const failed = status === 'failed' ? { error: { name: 'AgentFailedError', message: 'no' } } : {}
    const output = status === 'succeeded' ? { output: { inline: JSON.stringify({ of: path }) } } : {}
    const itemCount = path.endsWith('each') || path === 'wide' ? { itemCount: 12 } : {}
    const capability = path === 'chosen' ? { capability: 'work.do' } : {}
    const ended = { path, status, startedAt: at, endedAt: at, agentId: 'a' }
    const end = { ...ended, ...failed, ...output, ...itemCount, ...capability }
    await ports.steps.adoptStep(id, end)
  }
})
afterAll(() => stop())

const RECORDS: Record<string, StepRecord['status']> = {
  ...{
    a: 'succeeded',
    chosen: 'succeeded',
    each: 'succeeded',
    'each_too[0]': 'failed',
    wide: 'failed',
    again: 'succeeded',
  },
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [`each[${at}]`, at % 5 === 2 ? 'failed' : 'succeeded'] as const),
  ),
  ...{ 'wide[0].x': 'succeeded', 'wide[0].y': 'failed', 'wide[0]': 'failed', 'wide[1].x': 'succeeded' },
  ...{ 'again[1].draft': 'succeeded', 'again[2].draft': 'failed', 'again[2].inner': 'succeeded' },
  ...{ 'again[2].inner[0]': 'succeeded', 'again[2].inner[1]': 'failed' },
}

type Asked = Partial<Parameters<ReturnType<typeof listTaskSteps>>[0]>

/** Every page, and whether all records were read for one. */
async function stepsOf(asked: Asked): Promise<{ steps: StepView[]; readAll: boolean }> {
  let readAll = false
  const watched: Ports = {
    ...ports,
    steps: {
      ...ports.steps,
      listSteps: (taskId, options = {}) => {
        if (options.within === undefined) readAll = true
        return ports.steps.listSteps(taskId, options)
      },
    },
  }
  const steps: StepView[] = []
  let cursor: string | undefined
  do {
    const page = await listTaskSteps(watched)(
      { id, inputs: false, outputs: false, limit: 2, ...asked, cursor },
      CALLER,
    )
    steps.push(...page.steps)
    cursor = page.cursor
  } while (cursor !== undefined)
  return { steps, readAll }
}

describe('the steps of a large task', () => {
  it.each<Asked>([
    { under: 'each' },
    { under: 'each', outputs: true },
    ...(['failed', 'succeeded', 'skipped', 'running'] as const).map((status) => ({ under: 'each', status })),
    { under: 'each', status: 'succeeded', outputs: true },
    ...['wide', 'wide[0]', 'again', 'again[2]', 'again[2].inner'].map((under) => ({ under })),
    { under: 'wide', status: 'failed' },
    { under: 'again', status: 'failed', outputs: true },
  ])('are those that are asked for, without reading the others: %j', async (asked) => {
    const { under = '', status, outputs = false } = asked
    const { steps: all } = await stepsOf({ limit: 1_000, outputs })
    const expected = all.filter(
      (step) => step.stepId.startsWith(`${under}[`) && (status === undefined || step.status === status),
    )
    const found = await stepsOf(asked)
    expect(found.steps).toEqual(under.endsWith(']') ? [] : expected)
    expect(found.readAll).toBe(false)
  })

  it('show the capability that was chosen for a step', async () => {
    const { steps } = await stepsOf({ limit: 1_000 })
    expect(steps.find(({ stepId }) => stepId === 'chosen')).toMatchObject({ capability: 'work.do' })
  })

  it.each([
    'a',
    'chosen',
    'each',
    'each[7]',
    'wide',
    'wide[0]',
    'wide[0].y',
    'wide[1]',
    'again',
    'again[2].inner[1]',
  ])('are shown alone as among all: %s', async (stepId) => {
    const { steps } = await stepsOf({ limit: 1_000, outputs: true })
    expect(await showTaskStep(ports)({ id, stepId }, CALLER)).toEqual(
      steps.find((one) => one.stepId === stepId),
    )
  })

  it('have events of their own', async () => {
    const eventsOf = (step?: string) =>
      listTaskEvents(ports)({ id, limit: 1_000, type: undefined, cursor: undefined, step }, CALLER)
    const { events: all } = await eventsOf()
    for (const step of ['a', 'each[7]', 'wide[0].y']) {
      const { events } = await eventsOf(step)
      expect(events).toEqual(all.filter(({ data }) => data.path === step))
      expect(events.length).toBeGreaterThan(0)
    }
  })
})
