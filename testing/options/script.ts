import * as z from 'zod'
import {
  AgentLimitsSchema,
  AgentManifestSchema,
  AgentModelSchema,
  AgentPriceSchema,
} from '../../shared/domain/agent.ts'
import { usdSchema } from '../../shared/domain/budget.ts'
import { CapabilityNameSchema } from '../../shared/domain/capability.ts'
import { ERRORS } from '../../shared/domain/errors.ts'
import type { Issue } from '../../shared/domain/issue.ts'
import { slipsOf } from '../../shared/domain/nearest-names.ts'
import type { Failure } from '../failure-of.ts'
import type { Act, Script } from '../scripted-agent.ts'
import {
  isPlain,
  issuesAt,
  issuesOfJson,
  issuesOfMembers,
  notRight,
  type ShapeOf,
  VirtualSeconds,
  wrong,
} from './check.ts'

type NamedFailure = Exclude<Failure, string>
/** The fields of a script that is no function. */
type Fields = Exclude<Script, (...all: never[]) => unknown>

/** What the platform reports of a function, such as its death, and no agent throws: a script runs in the test's process. */
const OF_PLATFORM = /^(Lambda|Runtime|Sandbox|States)\.\w*$/

/** Any error name is allowed, except those of the platform, and a probable misspelling of one of this package's errors. */
const ErrorNameSchema = z
  .string()
  .min(1, 'the name of an error')
  .superRefine((name, context) => {
    if (OF_PLATFORM.test(name)) {
      const message = `"${name}" is what the platform says of a function that has died, and a script cannot die; "AgentRetryableError" is called again as after a crash, \`seconds\` beyond the step's timeoutSeconds ends as a timeout`
      return context.addIssue({ code: 'custom', message })
    }
    const near = Object.hasOwn(ERRORS, name) ? [] : slipsOf(name, Object.keys(ERRORS))
    if (near.length === 0) return
    const meant = near.map((one) => `"${one}"`).join(' or ')
    context.addIssue({ code: 'custom', message: `did you mean ${meant}?` })
  })

export const FailureSchema = z.union([
  ErrorNameSchema,
  z.strictObject({
    name: ErrorNameSchema,
    message: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
  } satisfies ShapeOf<NamedFailure>),
])

const anyFunction = z.custom((value) => typeof value === 'function', 'a function of the call')

const ACT = {
  // Checked separately: as JSON, or as a function.
  output: z.unknown().optional(),
  fails: FailureSchema.optional(),
  times: z.number().int().min(1).max(1_000).optional(),
  seconds: z.union([VirtualSeconds, anyFunction]).optional(),
  costUsd: usdSchema('a cost').optional(),
  tokens: z.number().int().min(0).max(1e12).optional(),
} satisfies ShapeOf<Act>

const ActSchema = z.strictObject(ACT)
const attempts = z.array(z.unknown()).min(1).optional()
const StepSchema = z.strictObject({ ...ACT, attempts })

const { tags, tenants, typicalSeconds } = AgentManifestSchema.shape
const ScriptSchema = z.strictObject({
  ...ACT,
  attempts,
  capabilities: z.array(CapabilityNameSchema).min(1).max(50).optional(),
  steps: z.unknown().optional(),
  limits: z.strictObject(AgentLimitsSchema.shape).optional(),
  price: z.strictObject(AgentPriceSchema.shape).optional(),
  typicalSeconds,
  tags,
  tenants,
  model: z.strictObject(AgentModelSchema.shape).optional(),
} satisfies ShapeOf<Fields>)

/** What is wrong with a script at a place, apart from the names of steps. */
export function issuesOfScript(place: string, script: unknown): Issue[] {
  if (typeof script === 'function') return []
  if (!isPlain(script)) {
    const right = `a function of the input, ${OBJECT}, or what defineAgent returns`
    return [notRight(place, script, right)]
  }
  const ofSteps =
    script.steps === undefined ? [] : issuesOfMembers(`${place}.steps`, script.steps, issuesOfStep)
  return [...issuesOfActs(place, ScriptSchema, script), ...ofSteps]
}

const OBJECT = 'an object {output?, fails?, times?, seconds?, costUsd?, tokens?, attempts?, ...}'

function issuesOfStep(place: string, step: unknown): Issue[] {
  if (typeof step === 'function') return []
  if (!isPlain(step)) return [notRight(place, step, `a function of the input, or ${OBJECT}`)]
  return issuesOfActs(place, StepSchema, step)
}

/** Issues of a script, or of its behaviour at a step: an act, or a list of acts for successive calls. */
function issuesOfActs(place: string, schema: z.ZodType, value: Readonly<Record<string, unknown>>): Issue[] {
  const list: unknown[] = Array.isArray(value.attempts) ? value.attempts : []
  const ofAttempts = list.flatMap((act, at) => {
    const where = `${place}.attempts[${at}]`
    return isPlain(act)
      ? [...issuesAt(where, ActSchema, act), ...issuesOfOutput(where, act)]
      : [notRight(where, act, 'an object {output?, fails?, times?, seconds?, costUsd?, tokens?}')]
  })
  return [
    ...issuesAt(place, schema, value),
    ...issuesOfOutput(place, value),
    ...ofAttempts,
    ...issuesOfTimes(place, [value, ...list.filter(isPlain)]),
  ]
}

const issuesOfOutput = (place: string, { output }: Readonly<Record<string, unknown>>): Issue[] =>
  typeof output === 'function' ? [] : issuesOfJson(`${place}.output`, output)

/** `times` counts failures, so it has no effect without `fails`. */
function issuesOfTimes(place: string, acts: readonly Readonly<Record<string, unknown>>[]): Issue[] {
  const isIdle =
    acts.some(({ times }) => times !== undefined) && acts.every(({ fails }) => fails === undefined)
  return isIdle ? [wrong(`${place}.times`, 'says how many calls fail; add "fails"')] : []
}
