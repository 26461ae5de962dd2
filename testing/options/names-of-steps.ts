import { parsePath, pathIn, placeOf } from '../../shared/domain/instance-path.ts'
import type { Issue } from '../../shared/domain/issue.ts'
import { nearestNames, slipsOf, suggestNames } from '../../shared/domain/nearest-names.ts'
import { KINDS } from '../../shared/workflow/kinds/index.ts'
import { everyStep, stepAtPlace } from '../../shared/workflow/places.ts'
import { isAgentStep, isFanOut, type Step, stepKind, type Workflow } from '../../shared/workflow/schema.ts'
import { capabilitiesOf } from '../../shared/workflow/step-capability.ts'
import { loopIn } from '../../shared/workflow/step-kinds.ts'
import type { GivenApprovals } from '../approvals.ts'
import type { GivenAgents } from '../cast.ts'
import { isDefined } from './agents.ts'
import { placeIn, refuse, wrong } from './check.ts'

/**
 * Throws a TypeError for names in the options of a test that its workflows do not have: steps of scripts and approvals,
 * and probable misspellings of capabilities. Other scripts may be unused, because tests share them.
 */
export function requireKnownNames(
  workflows: readonly Workflow[],
  { agents, approvals }: { agents: GivenAgents; approvals: GivenApprovals },
): void {
  const ofApprovals = typeof approvals === 'function' ? [] : Object.keys(approvals)
  const scripts = Array.isArray(agents) ? [] : Object.entries(agents)
  refuse(
    [
      ...ofApprovals.flatMap((key) => issuesOfStep(workflows, key, placeIn('approvals', key), ANSWERED)),
      ...scripts.flatMap(([key, script]) => {
        if (typeof script === 'function') return issuesOfCapability(workflows, key, placeIn('agents', key))
        if (isDefined(script)) return []
        const { capabilities, steps = {} } = script
        const place = placeIn('agents', key)
        const offered = capabilities ?? [key]
        const id = capabilities ? key : undefined
        return [
          ...offered.flatMap((one, at) =>
            issuesOfCapability(workflows, one, capabilities ? `${place}.capabilities[${at}]` : place),
          ),
          ...Object.keys(steps).flatMap((step) =>
            issuesOfStep(workflows, step, placeIn(`${place}.steps`, step), servedBy(offered, id)),
          ),
        ]
      }),
    ],
    'testWorkflow',
  )
}

/** Which steps a key may name, and the reason why it may not name another. */
type Wanted = { what: string; whyNot(step: Step, place: string): string | undefined }

const ANSWERED: Wanted = {
  what: 'approval',
  whyNot: (step, place) => (stepKind(step) === 'approval' ? undefined : `step "${place}" is no approval`),
}

const servedBy = (capabilities: readonly string[], id: string | undefined): Wanted => ({
  what: 'step',
  whyNot(step, place) {
    if (!isAgentStep(step)) return `step "${place}" is a ${KINDS[stepKind(step)].word}, which no agent runs`
    const pinned = step.agent?.split('@')[0]
    if (pinned !== undefined && id !== undefined && pinned === id) return undefined
    const asked = capabilitiesOf(step)
    if (asked.length === 0 || asked.some((one) => capabilities.includes(one))) return undefined
    return `step "${place}" asks for "${asked.join('" or "')}", which this agent does not offer`
  },
})

function issuesOfStep(
  workflows: readonly Workflow[],
  key: string,
  at: string,
  { what, whyNot }: Wanted,
): Issue[] {
  const place = placeOf(key)
  const right = workflows.flatMap(({ steps }) =>
    everyStep(steps).flatMap((one) => (whyNot(one.step, one.place) === undefined ? [one.place] : [])),
  )
  const found = workflows.flatMap(({ steps }) => {
    const step = stepAtPlace(steps, place)
    if (!step) return []
    const why = whyNot(step, place)
    return [why === undefined ? problemOfNumbers(steps, key) : `${why}${suggestNames('', right)}`]
  })
  const [problem = `there is no ${what} "${key}"${suggestPlaces(place, right)}`] = found
  return found.includes(undefined) ? [] : [wrong(at, problem)]
}

/** Suggests first steps with the same or a similar id, in any loop, then those with a similar path. */
function suggestPlaces(place: string, known: readonly string[]): string {
  const ids = nearestNames(
    parsePath(place).stepId,
    known.map((one) => parsePath(one).stepId),
  )
  const near = known.filter((one) => ids.includes(parsePath(one).stepId))
  const [only] = near
  return suggestNames(near.length === 1 && only !== undefined ? only : place, known)
}

/** A path must have the numbers of all its rounds and items, or none of them; undefined if it is valid. */
function problemOfNumbers(steps: Workflow['steps'], key: string): string | undefined {
  const parts = key.split('.').map(parsePath)
  const isNumbered = parts.some(({ index }) => index !== undefined)
  let scope = ''
  for (const { stepId, index } of isNumbered ? parts : []) {
    scope = pathIn(scope, stepId)
    const step = stepAtPlace(steps, scope)
    if (!step) return undefined
    const isInside = scope !== placeOf(key)
    const loop = loopIn(step)
    if (loop && isInside) {
      const most = loop.maxIterations
      if (index === undefined || index < 1 || index > most) return `loop "${scope}" has rounds 1 to ${most}`
    } else if (isFanOut(step)) {
      if (index === undefined)
        return `"${scope}" has items: say which, as in "${scope}[0]", or leave all numbers out`
    } else if (index !== undefined) return `"${scope}" is no fan-out or loop: it has no [${index}]`
  }
  return undefined
}

function issuesOfCapability(workflows: readonly Workflow[], capability: string, at: string): Issue[] {
  const asked = workflows.flatMap(({ steps }) =>
    everyStep(steps).flatMap(({ step }) => (isAgentStep(step) ? capabilitiesOf(step) : [])),
  )
  if (asked.includes(capability)) return []
  const [meant] = slipsOf(capability, asked)
  return meant === undefined ? [] : [wrong(at, `no step asks for "${capability}"; did you mean "${meant}"?`)]
}
