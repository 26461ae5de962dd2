import { failureOf } from './bounded.ts'
import { type DomainEvent, type EventOf, makeEvent } from './event.ts'
import type { StateVersion, StateWriter } from './state/shared-state.ts'

/** A key of the shared state has a new version. Values are read from the task: an event would show what its reader may not see. */
export function stateChangedEvent(
  of: EventOf,
  { key, version, at, by, value, restored }: StateVersion,
): DomainEvent {
  const removed = value === undefined ? { removed: true } : {}
  const data = { key, version, by, ...removed, ...(restored === undefined ? {} : { restored }) }
  return makeEvent({ type: 'state.changed', of, key: `state/${key}/${version}`, time: at, data })
}

type Refused = { key: string; at: string; by: StateWriter; once: string; error: unknown }

/** What a step that has succeeded should have written, and could not (step-state/W4). */
export function stateRefusedEvent(of: EventOf, { key, at, by, once, error }: Refused): DomainEvent {
  const path = 'path' in by ? by.path : ''
  const data = { key, by, error: failureOf(error) }
  return makeEvent({ type: 'state.refused', of, key: `${path}/${once}/${key}`, time: at, data })
}
