import { OrchestratorError } from '../../domain/errors.ts'
import { numberedPath } from '../../domain/instance-path.ts'
import type { Json } from '../../domain/json.ts'
import { superseded } from '../../domain/superseded.ts'
import { DEFAULT_MAX_ITEMS, type FanOut } from '../../workflow/schema.ts'
import { byFanOutKind } from '../../workflow/step-kinds.ts'
import { lanesOf } from '../steps/lanes.ts'
import { settleFailure } from '../steps/settle-failure.ts'
import { type ControlAnswer, type Controlled, end, over } from './controlled.ts'

export const fanOut: Controlled<FanOut> = {
  template: ({ forEach }) => ({ items: forEach }),
  // Its items, which its record has.
  inputIn: () => undefined,

  /** Stores the items, so that payloads carry only their indexes. Throws InvalidInputError when `items` is no list. */
  async begin({ ports, plan, step, own }, { items: found = [] }) {
    // A JSONata filter with one match returns the match itself, and without a match nothing.
    const items = Array.isArray(found) || found === null ? found : [found]
    const { maxItems: most = DEFAULT_MAX_ITEMS } = step
    if (!Array.isArray(items)) {
      const message = `forEach is ${JSON.stringify(items)}, which is no list`
      throw new OrchestratorError('InvalidInputError', message)
    }
    if (items.length > most) {
      const message = `forEach has ${items.length} items; the most is ${most} (maxItems)`
      throw new OrchestratorError('InvalidInputError', message)
    }
    const stored = await ports.values.storeValue(own.taskId, items)
    if (!(await ports.steps.noteStep(own, { items: stored, itemCount: items.length })))
      throw superseded(own.path)
    const indexes = items.map((_item, index) => index)
    // The agents' limits do not apply to items with a body or a child workflow; those of their steps do.
    const withoutLimits = async () => ({ indexes })
    return byFanOutKind<Promise<ControlAnswer>>(step, {
      async agent(one) {
        const { atOnce, apart } = lanesOf(one, items.length, await ports.agents.listAgents(), plan)
        return { indexes, lanes: atOnce, ...(apart ? { apart: true as const } : {}) }
      },
      steps: withoutLimits,
      workflow: withoutLimits,
    })
  },

  /** The outputs of the items in order; null for a failed item (control/O5). */
  async end(owned) {
    const { ports, step, own, record } = owned
    const items = record.items ? ((await ports.values.loadValue(record.items)) as Json[]) : []
    const paths = items.map((_item, index) => numberedPath(own.path, index))
    const found = new Map((await ports.steps.findSteps(own.taskId, paths)).map((item) => [item.path, item]))
    const outputs = await Promise.all(
      paths.map(async (path) => {
        const { status, output } = found.get(path) ?? {}
        return status === 'succeeded' && output ? ports.values.loadValue(output) : null
      }),
    )
    const failed = paths.filter((path) => found.get(path)?.status !== 'succeeded')
    if (failed.length > tolerated(step, items.length)) {
      const first = found.get(failed[0] ?? '')?.error
      const message = `step "${own.path}": ${failed.length} of ${items.length} items failed, the first (${failed[0]}) with: ${first?.message ?? 'no answer'}`
      const { settled } = await settleFailure(owned, { name: first?.name ?? 'AgentFailedError', message })
      return over(settled)
    }
    const output = await ports.values.storeValue(own.taskId, outputs)
    const degraded = failed.length > 0 ? { degraded: `${failed.length} of ${items.length} items failed` } : {}
    return end(owned, { status: 'succeeded', output, ...degraded })
  },
}

/** `tolerate` is a number of items, or a share of them in percent. */
function tolerated({ tolerate = 0 }: FanOut, items: number): number {
  return typeof tolerate === 'number' ? tolerate : Math.floor((Number.parseInt(tolerate, 10) / 100) * items)
}
