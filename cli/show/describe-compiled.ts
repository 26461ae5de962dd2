import type { PlanView } from '../../shared/contracts/views.ts'
import { EXPECTED_ITEMS, EXPECTED_ROUNDS } from '../../shared/workflow/schema.ts'

type Compiled = Pick<PlanView, 'gates'> & { counts: PlanView['counts'] }

/** The compiled workflow as lines: gates with the edges they implement, and expected counts. */
export function describeCompiled({ gates, counts }: Compiled): string {
  const split = counts.executions > 1 ? `, split over ${counts.executions} executions` : ''
  return [
    ...gates.map(
      ({ before, after }) =>
        `* ${before} waits at a gate for ${after.join(', ')}: no structure says ${edgesOf(before, after)}`,
    ),
    `${counts.steps} steps in ${counts.states} states, ${counts.definitionBytes} bytes of definition${split}`,
    `${counts.transitions} state transitions expected, ${counts.worstTransitions} at worst; ${counts.events} events in the history, ${counts.worstEvents} at worst`,
    ...(counts.worstEvents > counts.events
      ? [`(expected: a loop of ${EXPECTED_ROUNDS} rounds, a fan-out of ${EXPECTED_ITEMS} items, no retries)`]
      : []),
  ].join('\n')
}

const edgesOf = (before: string, after: readonly string[]): string =>
  after.map((producer) => `${producer} -> ${before}`).join(', ')
