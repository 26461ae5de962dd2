import { isJsonObject } from '../domain/json.ts'
import { nearestNames } from '../domain/nearest-names.ts'
import { expressionsIn, type FoundExpression } from './expressions.ts'
import { type AgentStep, type Step, StepIdSchema } from './schema.ts'
import { capabilityComputedBy } from './step-capability.ts'

/**
 * Replaces a step that does not parse, so that other steps are still checked, and an invalid field does not cause issues in valid steps.
 *
 * Invariants (tests cite them):
 * stand-in/S1 the stand-in has every valid field, including its body, and waits for the readable part of its `needs`
 * stand-in/S2 when an invalid field would decide whether something else is an issue, the stand-in assumes that it is not
 * stand-in/S3 expressions in invalid fields are checked too, for issues that do not depend on their place: the first hundred of a field,
 *    and none if it contains more than a thousand names, any of which may refer to a step
 */
export type StandIn = { step: Step; left: LeftExpression[] }

/** An expression in an invalid field, with the step ids that it may refer to besides those in scope. */
export type LeftExpression = FoundExpression & { ids: string[] }

/** `known` are the fields of a step of this kind, `wrong` those with issues. */
export function standInOf(
  value: Readonly<Record<string, unknown>>,
  body: Readonly<Record<string, Step>> | undefined,
  { known, wrong }: { known: readonly string[]; wrong: ReadonlySet<string> },
): StandIn {
  const right = Object.entries(value).filter(
    ([field]) => !wrong.has(field) && field !== BODY && field !== LOOP,
  )
  const step: Record<string, unknown> = { join: 'all', onFailure: 'fail', ...Object.fromEntries(right) }
  const meant = (field: string): unknown => {
    const written = Object.keys(value).find(
      (name) => wrong.has(name) && (name === field || nearestNames(name, known)[0] === field),
    )
    return written === undefined ? undefined : value[written]
  }
  if (meant('forEach') !== undefined) step.forEach = '{% [] %}'
  if (meant('join') !== undefined) step.join = 'settled'
  // Without the other, neither is known to be wrong.
  if (meant('capability') !== undefined) delete step.oneOf
  if (meant('oneOf') !== undefined && capabilityComputedBy(step as Calling) !== undefined)
    step.oneOf = [ANY_CAPABILITY]
  const needs = meant('needs')
  if (needs !== undefined) step.needs = [needs].flat().filter((one) => StepIdSchema.safeParse(one).success)
  const handler = handlerIn(meant('onFailure'))
  if (handler !== undefined) step.onFailure = { step: handler }
  if (body && isJsonObject(value[LOOP])) step[LOOP] = loopOf(value[LOOP], body)
  else if (body) Object.assign(step, { forEach: '{% [] %}', output: value.output, ...step, steps: body })
  const left = [...wrong]
    .filter((field) => !NO_EXPRESSIONS.includes(field))
    .flatMap((field) => leftIn(value, field))
  return { step: step as unknown as Step, left }
}

type Calling = Pick<AgentStep, 'capability'>
const ANY_CAPABILITY = 'echo'

const [BODY, LOOP] = ['steps', 'repeat']
const NO_EXPRESSIONS = ['needs', 'description', BODY]

/** A loop without its invalid fields, whose issues are already reported. */
function loopOf({ until, output }: Readonly<Record<string, unknown>>, steps: Readonly<Record<string, Step>>) {
  return { steps, until: typeof until === 'string' ? until : '{% true %}', maxIterations: 1, output }
}

/** The step that an invalid `onFailure` may name. */
function handlerIn(onFailure: unknown): string | undefined {
  if (!isJsonObject(onFailure)) return undefined
  return Object.values(onFailure).find((one): one is string => StepIdSchema.safeParse(one).success)
}

function leftIn(value: Readonly<Record<string, unknown>>, field: string): LeftExpression[] {
  const written = value[field]
  // The body, `until` and `output` of a loop are checked at their own places.
  const isLoop = field === LOOP && isJsonObject(written) && isJsonObject(written.steps)
  const looked = isLoop ? { ...written, steps: undefined, until: undefined, output: undefined } : written
  const ids = [...new Set(idsIn(looked))]
  if (ids.length > MOST_NAMES) return []
  return expressionsIn(looked, field)
    .slice(0, MOST_LEFT)
    .map((one) => ({ ...one, ids }))
}

/** stand-in/S3 */
const MOST_NAMES = 1_000
const MOST_LEFT = 100

/** Member names at any depth, which may be ids of steps. */
function idsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(idsIn)
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([name, one]) => [name, ...idsIn(one)])
}
