import type { DomainEvent } from '../../domain/event.ts'
import type { Decision } from '../../domain/plan.ts'
import { givenName } from '../../domain/tenants.ts'

/** What names an agent, with the id that its tenant has given it. */
export const withGivenAgent = <T extends { agentId?: string | undefined }>(one: T): T =>
  one.agentId === undefined ? one : { ...one, agentId: givenName(one.agentId) }

/** A decision with the ids that tenants have given; its reasons are kept as they were written. */
export const givenDecision = (decision: Decision): Decision => ({
  ...decision,
  chosen: givenName(decision.chosen),
  candidates: decision.candidates.map(withGivenAgent),
  ...(decision.inPlaceOf ? { inPlaceOf: decision.inPlaceOf.map(withGivenAgent) } : {}),
})

/** An event as its tenant reads it; on the bus, which all tenants share, its agent has the qualified id. */
export function givenEvent(event: DomainEvent): DomainEvent {
  const { agentId } = event.data
  return typeof agentId === 'string'
    ? { ...event, data: { ...event.data, agentId: givenName(agentId) } }
    : event
}
