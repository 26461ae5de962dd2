import type { PlanView } from '../../shared/contracts/views.ts'
import { EXPECTED_CALLS_OF_TURN } from '../../shared/workflow/conversation.ts'
import { EXPECTED_ITEMS, EXPECTED_ROUNDS } from '../../shared/workflow/schema.ts'

type Compiled = Pick<PlanView, 'gates'> & {
  counts: PlanView['counts']
  steps: readonly Pick<PlanView['steps'][number], 'stepId' | 'kind'>[]
}

/** The compiled workflow as lines: gates with the edges they implement, and expected counts. */
export function describeCompiled({ gates, steps, counts }: Compiled): string {
  const split = counts.executions > 1 ? `, split over ${counts.executions} executions` : ''
  return [
    ...gates.map(
      ({ before, after }) =>
        `* ${before} waits at a gate for ${after.join(', ')}: no structure says ${edgesOf(before, after)}`,
    ),
    `${counts.steps} steps in ${counts.states} states, ${counts.definitionBytes} bytes of definition${split}`,
    `${counts.transitions} state transitions expected, ${counts.worstTransitions} at worst; ${counts.events} events in the history, ${counts.worstEvents} at worst`,
    ...(counts.worstEvents > counts.events
      ? [`(expected: ${[...expectedOf(steps), 'no retries'].join(', ')})`]
      : []),
  ].join('\n')
}

/** How often what is repeated in the workflow is taken to run; whether a step of an agent is a fan-out is not told by a plan. */
function expectedOf(steps: Compiled['steps']): string[] {
  const conversations = steps.filter(({ kind }) => kind === 'converse')
  const others = steps.filter(
    ({ stepId }) =>
      !conversations.some((one) => stepId === one.stepId || stepId.startsWith(`${one.stepId}.`)),
  )
  return [
    ...(conversations.length > 0
      ? [`a conversation of ${EXPECTED_ROUNDS} turns with ${EXPECTED_CALLS_OF_TURN} calls each`]
      : []),
    ...(others.length > 0
      ? [`a loop of ${EXPECTED_ROUNDS} rounds, a fan-out of ${EXPECTED_ITEMS} items`]
      : []),
  ]
}

const edgesOf = (before: string, after: readonly string[]): string =>
  after.map((producer) => `${producer} -> ${before}`).join(', ')
