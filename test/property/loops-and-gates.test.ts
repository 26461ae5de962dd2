import { describe, expect, it } from 'vitest'
import { validWorkflow } from '../support/cloud/compiled-workflow.ts'
import { type Behaviour, type Ran, runInWorld } from '../support/cloud/workflow-world.ts'

/** `a` is slow: without its gate, `d` would begin when `b` has ended. */
const behaviour: Behaviour = {
  agents: ['alpha'],
  runOf: ({ path }) => ({
    milliseconds: /(\b|_)a(\[\d+\])?$/.test(path) ? 500 : 100,
    output: { at: path },
  }),
  approvalOf: () => undefined,
  loses: () => false,
}
const step = (...needs: string[]) => ({ capability: 'work.do', needs, input: {} })
const each = (...needs: string[]) => ({ ...step(...needs), forEach: '{% [1, 2] %}' })
const crossed = { a: step(), b: step(), c: step('a'), d: step('a', 'b') }

/** When a step began and ended, in milliseconds since the first event. */
function spanOf({ events }: Ran, path: string): { start: number; end: number } {
  const timeOf = (type: string): number => {
    const event = events.find((one) => one.type === type && one.data.path === path)
    return Date.parse(event?.time ?? '') - Date.parse(events[0]?.time ?? '')
  }
  return { start: timeOf('step.started'), end: timeOf('step.succeeded') }
}

const run = (steps: object) => runInWorld(validWorkflow({ name: 'w', steps }), {}, behaviour)
const loop = (steps: object, ...needs: string[]) => ({
  needs,
  repeat: { steps, until: '{% $iteration = 2 %}', maxIterations: 2 },
})

describe('gates, loops and fan-outs together', () => {
  it('waits at a gate in a loop body, in each of two rounds for that round', async () => {
    const ran = await run({ l: loop(crossed) })
    expect(ran.task.status).toBe('succeeded')
    for (const round of [1, 2]) {
      const [a, b, d] = ['a', 'b', 'd'].map((id) => spanOf(ran, `l[${round}].${id}`))
      // Neither before the slow step nor a millisecond after it.
      expect(d?.start).toBe(a?.end)
      expect(b?.end).toBeLessThan(Number(a?.end))
    }
    expect(spanOf(ran, 'l[2].a').start).toBe(spanOf(ran, 'l[1].d').end)
  })

  it('waits at a gate for a loop, which has ended with its last round', async () => {
    const inner = loop({ x: step() })
    const ran = await run({ a: inner, b: step(), c: step('a'), d: step('a', 'b') })
    expect(spanOf(ran, 'd').start).toBe(spanOf(ran, 'a[2].x').end)
  })

  it('waits at a gate before a loop', async () => {
    const ran = await run({ ...crossed, d: loop({ x: step() }, 'a', 'b') })
    expect(spanOf(ran, 'd[1].x').start).toBe(spanOf(ran, 'a').end)
  })

  it('waits at a gate for a fan-out, not for one of its items, and before one', async () => {
    const after = await run({ ...crossed, a: each() })
    expect(spanOf(after, 'd').start).toBe(spanOf(after, 'a[1]').end)
    const before = await run({ ...crossed, d: each('a', 'b') })
    expect(spanOf(before, 'd[0]').start).toBe(spanOf(before, 'a').end)
  })

  it.each([
    ['in one execution', { maxItems: 9 }],
    ['in executions of their own', {}],
    ['more at once than an inline Map runs', { maxConcurrency: 41 }],
    ['fewer at once than there are', { maxItems: 9, maxConcurrency: 1 }],
  ])('waits at a gate among the steps of an item, for that item: %s', async (_how, more) => {
    const ran = await run({ e: { forEach: '{% [1, 2, 3] %}', steps: crossed, ...more } })
    expect(ran.task.status).toBe('succeeded')
    for (const item of [0, 1, 2]) {
      const [a, b, d] = ['a', 'b', 'd'].map((id) => spanOf(ran, `e[${item}].${id}`))
      expect(d?.start).toBe(a?.end)
      expect(b?.end).toBeLessThan(Number(a?.end))
    }
    const item = ran.events.find(({ type, data }) => type === 'step.succeeded' && data.path === 'e[0]')
    expect(item?.data).toMatchObject({ durationMs: 600 })
  })

  it.each([{ maxItems: 3 }, {}])(
    'has fan-outs and loops with gates in a fan-out with gates: %j',
    async (more) => {
      const inner = { x_a: step(), x_b: step(), x_c: step('x_a'), x_d: step('x_a', 'x_b') }
      const round = { y_a: step(), y_b: step(), y_c: step('y_a'), y_d: step('y_a', 'y_b') }
      const ran = await run({
        outer: {
          forEach: '{% [1, 2] %}',
          ...more,
          steps: {
            ...crossed,
            c: {
              forEach: '{% [1, 2] %}',
              ...more,
              steps: { ...inner, x_l: loop(round, 'x_b') },
              needs: ['a'],
            },
          },
        },
      })
      expect(ran.task.status).toBe('succeeded')
      for (const [one, other] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ]) {
        const scope = `outer[${one}].c[${other}]`
        expect(spanOf(ran, `${scope}.x_d`).start).toBe(spanOf(ran, `${scope}.x_a`).end)
        expect(spanOf(ran, `${scope}.x_l[2].y_d`).start).toBe(spanOf(ran, `${scope}.x_l[2].y_a`).end)
        expect(spanOf(ran, `${scope}.x_a`).start).toBe(spanOf(ran, `outer[${one}].a`).end)
      }
    },
  )

  it('has a loop with gates in a loop with gates, each round its own', async () => {
    const inside = { x_a: step(), x_b: step(), x_c: step('x_a'), x_d: step('x_a', 'x_b') }
    const ran = await run({ outer: loop({ ...crossed, c: loop(inside, 'a') }) })
    expect(ran.task.status).toBe('succeeded')
    for (const [outer, inner] of [
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]) {
      const scope = `outer[${outer}].c[${inner}]`
      expect(spanOf(ran, `${scope}.x_d`).start).toBe(spanOf(ran, `${scope}.x_a`).end)
    }
  })
})
