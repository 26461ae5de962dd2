import { isJsonObject } from '../domain/json.ts'
import { nearestNames } from '../domain/nearest-names.ts'
import { expressionsIn } from './expressions.ts'
import { type Step, StepIdSchema } from './schema.ts'

/**
 * In the place of a step that does not parse, so that the others are checked as if it did: a wrong field must not make right steps
 * look wrong.
 *
 * Invariants (tests cite them):
 * stand-in/S1 it has every field that is right, its body included, and waits for what can be read of its `needs`
 * stand-in/S2 where a wrong field would decide whether something else is wrong, it decides for right
 * stand-in/S3 expressions of wrong fields are checked too, for what is wrong wherever they stand: the first hundred of a field, and none where it
 *    has more than a thousand names, any of which may be meant
 */
export type StandIn = { step: Step; left: LeftExpression[] }

/** An expression of a field that is wrong, with the steps that may be meant beside those around it. */
export type LeftExpression = { path: string; text: string; ids: string[] }

/** `known` are the fields that such a step has, `wrong` those of its own that have issues. */
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

const [BODY, LOOP] = ['steps', 'repeat']
const NO_EXPRESSIONS = ['needs', 'description', BODY]

/** What is wrong with `until` and the like has been told. */
function loopOf({ until, output }: Readonly<Record<string, unknown>>, steps: Readonly<Record<string, Step>>) {
  return { steps, until: typeof until === 'string' ? until : '{% true %}', maxIterations: 1, output }
}

/** The step that a wrong `onFailure` may name. */
function handlerIn(onFailure: unknown): string | undefined {
  if (!isJsonObject(onFailure)) return undefined
  return Object.values(onFailure).find((one): one is string => StepIdSchema.safeParse(one).success)
}

function leftIn(value: Readonly<Record<string, unknown>>, field: string): LeftExpression[] {
  const written = value[field]
  // The body, `until` and `output` of a loop are checked where they are.
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

/** Names of members, however deep: they may be the ids of steps. */
function idsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(idsIn)
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([name, one]) => [name, ...idsIn(one)])
}
