/**
 * What a step says that it writes into the shared state when its agent has succeeded.
 *
 * Invariants (tests cite them):
 * step-state/W1 nothing is written for an attempt that has failed, or whose end is another's: the writes follow the recorded end
 * step-state/W2 they are made once, whatever crashes between them: each has the name of that end, and a step that replays its receipt makes
 *    what is missing
 * step-state/W3 a step that waits for this one begins after them
 * step-state/W4 an expression that fails, or a value that does not fit its key, fails the attempt before its end is recorded. What only
 *    becomes unfit by a write that came between is left out, and told by an event and a line of the log
 */

import { isOrchestratorError, OrchestratorError } from '../../../domain/errors.ts'
import type { DomainEvent, EventOf } from '../../../domain/event.ts'
import { stateChangedEvent, stateRefusedEvent } from '../../../domain/events-of-state.ts'
import { parsePath } from '../../../domain/instance-path.ts'
import type { Json } from '../../../domain/json.ts'
import { ownOf } from '../../../domain/own.ts'
import { combineRaced } from '../../../domain/state/combine.ts'
import { attemptNumber, type StepRecord } from '../../../domain/step.ts'
import type { Timer } from '../../../domain/timer.ts'
import type { Plan, Ports } from '../../../ports/index.ts'
import { type Names, resolveExpressions } from '../../../workflow/expressions.ts'
import { type StepState, stateDefinition } from '../../../workflow/state-schema.ts'
import { readState } from '../../state/read-state.ts'
import { requireState } from '../../state/state-value.ts'
import { setState, updateState, type Written } from '../../state/write-state.ts'
import { namesForExpressions } from '../expression-names.ts'
import { stepOf } from '../plan-paths.ts'

type Needs = Pick<Ports, 'values' | 'sharedState' | 'clock'> & { timer?: Timer | undefined }
type Of = {
  plan: Plan
  path: string
  /** Records of the steps that this one needs. */
  needed: () => Promise<readonly StepRecord[]>
}

const stateOf = ({ plan, path }: Of): StepState | undefined => stepOf(plan, path).state

/** Throws InvalidInputError for what the step could not write now (step-state/W4). Reads nothing for a step without `state`. */
export async function checkStepState(ports: Needs, of: Of, output: Json): Promise<void> {
  const state = stateOf(of)
  if (!state) return
  const { plan } = of
  const names = await namesOf(ports, of, state, output)
  const { set = {}, update = {} } = state
  const { values } = await readState(ports, plan, [...Object.keys(set), ...Object.keys(update)])
  for (const [key, template] of Object.entries({ ...set, ...update })) {
    const definition = stateDefinition(plan.workflow, key)
    const current = ownOf(values, key)
    const isSet = Object.hasOwn(set, key)
    const given = await valueFor(
      isSet ? 'set' : 'update',
      key,
      template,
      isSet ? names : { ...names, current },
    )
    const blind = { key, conflict: definition.conflict, from: undefined, base: undefined, head: 0 }
    requireState(key, definition, isSet ? combineRaced({ ...blind, given, newest: current }) : given)
  }
}

/** Makes the writes of a step that has succeeded; answers their events. Throws UnavailableError, for a repeat. */
export async function writeStepState(
  ports: Needs,
  of: Of & { of: EventOf },
  ended: Pick<StepRecord, 'status' | 'degraded' | 'output' | 'fence' | 'attempts'>,
): Promise<DomainEvent[]> {
  const state = stateOf(of)
  if (!state || ended.status !== 'succeeded' || ended.degraded !== undefined || !ended.output) return []
  const { plan, path } = of
  const names = await namesOf(ports, of, state, await ports.values.loadValue(ended.output))
  const by = { path, attempt: attemptNumber(ended.attempts) }
  const events: DomainEvent[] = []
  const write = async (key: string, make: (once: string) => Promise<Written>): Promise<void> => {
    try {
      const { version, made } = await make(`${path}#${ended.fence}`)
      if (made) events.push(stateChangedEvent(of.of, version))
    } catch (error) {
      if (!isOrchestratorError(error) || error.retryable) throw error
      const at = ports.clock.now().toISOString()
      events.push(stateRefusedEvent(of.of, { key, at, by, once: ended.fence, error }))
    }
  }
  const target = { taskId: plan.taskId, workflow: plan.workflow, by }
  for (const [key, template] of Object.entries(state.set ?? {}))
    await write(key, async (once) =>
      setState(ports, { ...target, key, once }, { value: await valueFor('set', key, template, names) }),
    )
  for (const [key, template] of Object.entries(state.update ?? {}))
    await write(key, (once) =>
      updateState(ports, { ...target, key, once }, ({ value: current }) =>
        valueFor('update', key, template, { ...names, current }),
      ),
    )
  return events
}

/** The variables of the expressions in `state`, without `$current`. */
async function namesOf(
  ports: Needs,
  { plan, path, needed }: Of,
  template: StepState,
  output: Json,
): Promise<Names> {
  const task = { id: plan.taskId, type: plan.type, metadata: plan.metadata }
  const { scope } = parsePath(path)
  const records = await needed()
  return { ...(await namesForExpressions(ports, { task, plan, scope, path, records, template })), output }
}

/** Throws InvalidInputError for an expression that fails, or finds nothing. */
async function valueFor(how: 'set' | 'update', key: string, template: unknown, names: Names): Promise<Json> {
  const place = `state.${how}.${key}`
  const value = await resolveExpressions(template, names, place)
  if (value !== undefined) return value
  const hint = how === 'update' ? '; a key without a value has no $current: declare `initial` for it' : ''
  throw new OrchestratorError('InvalidInputError', `${place} finds nothing${hint}`, { path: place })
}
