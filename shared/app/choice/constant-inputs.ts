/**
 * Finds literal values in a step's input that can never fit an agent's schema, before anything runs.
 *
 * Invariants (tests cite them):
 * constants/C1 only certain mismatches are issues: no value that contains an expression, and no member that an expression may leave out
 * constants/C2 a step is refused when no agent that offers its capability accepts its input; while one does, the others are excluded from
 *    the choice
 * constants/C3 the check takes at most a second for each plan, independent of the agents' schemas; unchecked inputs are no issues
 */
import * as z from 'zod'
import type { Agent } from '../../domain/agent.ts'
import { isOrchestratorError } from '../../domain/errors.ts'
import { type Issue, issue } from '../../domain/issue.ts'
import { issuesOfZod } from '../../domain/issues-of-zod.ts'
import { mentionsInherited, parseOwn } from '../../domain/parse-own.ts'
import { valueAt } from '../../domain/shown.ts'
import { givenName, isCalled } from '../../domain/tenants.ts'
import { boundedWork } from '../../workflow/bounded-work.ts'
import { expressionIn, expressionsIn, withoutEscapes } from '../../workflow/expressions.ts'
import { everyStep, pathOfPlace } from '../../workflow/places.ts'
import { type AgentStep, isAgentStep, type Workflow } from '../../workflow/schema.ts'
import { asEachCall } from '../../workflow/step-capability.ts'
import { capabilityAsked } from '../agents/capability-asked.ts'

export type ConstantInputs = {
  issues: Issue[]
  /** By place: agents that cannot accept the input of the step, each with the reason. */
  unfit: Map<string, Map<string, string>>
}

/** `isOpen` says whether a place still needs an agent, `pinnedAt` which agent is pinned there. */
export function checkConstantInputs(
  workflow: Workflow,
  agents: readonly Agent[],
  choice: Choice,
): ConstantInputs {
  try {
    const what = `the check of the constants of workflow "${workflow.name}"`
    return boundedWork(what, () => checkEach(workflow, agents, choice), MOST_MILLISECONDS)
  } catch (error) {
    if (!isOrchestratorError(error)) throw error
    return { issues: [], unfit: new Map() }
  }
}

/** constants/C3 */
const MOST_MILLISECONDS = 1_000

type Choice = { isOpen(place: string): boolean; pinnedAt(place: string, step: AgentStep): string | undefined }

function checkEach(
  { steps }: Workflow,
  agents: readonly Agent[],
  { isOpen, pinnedAt }: Choice,
): ConstantInputs {
  const checked: ConstantInputs = { issues: [], unfit: new Map() }
  for (const { place, step } of everyStep(steps)) {
    if (!isAgentStep(step) || !isOpen(place) || !saysSomething(step.input)) continue
    const path = `${pathOfPlace(steps, place)}.input`
    const offers = agents.flatMap((agent) =>
      asEachCall(step).flatMap((one) => offerOf(agent, one, pinnedAt(place, step))),
    )
    const judged = offers.map(({ agent, name, schema }) => {
      const found = knownIssues(step.input, schema, path)
      return {
        agent,
        issues: found.map((one) => ({
          ...one,
          message: `${one.message} (what agent ${givenName(agent.id)} takes for ${name})`,
        })),
      }
    })
    const refusing = judged.filter(({ issues }) => issues.length > 0)
    if (refusing.length === 0) continue
    if (refusing.length === judged.length) checked.issues.push(...(refusing[0]?.issues ?? []))
    checked.unfit.set(
      place,
      new Map(refusing.map(({ agent, issues }) => [agent.id, `${issues[0]?.path}: ${issues[0]?.message}`])),
    )
  }
  return checked
}

/** No issues for a schema that the parser does not support (constants/C3). */
function knownIssues(input: unknown, schema: Schema, path: string): Issue[] {
  try {
    return issuesOfConstants(input, schema, path)
  } catch (error) {
    // The time limit of the whole check has ended it.
    if (isOrchestratorError(error) || error instanceof RangeError) throw error
    return []
  }
}

const saysSomething = (input: unknown): boolean => input !== undefined && expressionIn(input) === undefined

/** The capability that an agent would be called for, if the step may be bound to it. */
function offerOf(
  agent: Agent,
  { capability }: AgentStep,
  pinned: string | undefined,
): { agent: Agent; name: string; schema: Schema }[] {
  if (agent.status !== 'active') return []
  if (pinned !== undefined && !isCalled(agent.id, pinned.split('@')[0] ?? '')) return []
  // Fallbacks are not checked here.
  const offered = capabilityAsked(agent, { capability, fallback: undefined })
  if (!offered || (capability === undefined && pinned === undefined)) return []
  return [{ agent, name: offered.name, schema: offered.inputSchema }]
}

type Schema = Record<string, unknown>

/** Issues of a value with expressions against a JSON Schema that hold for any result of the expressions (constants/C1). */
export function issuesOfConstants(input: unknown, jsonSchema: Schema, path: string): Issue[] {
  const schema = parserOf(jsonSchema)
  if (!schema) return []
  const said = withoutEscapes(input)
  const parsed = mentionsInherited(jsonSchema) ? parseOwn(schema, said) : schema.safeParse(said)
  if (parsed.success) return []
  const isMixed = expressionsIn(input).length > 0 && HAS_ALTERNATIVES.test(JSON.stringify(jsonSchema))
  const certain = parsed.error.issues
    .filter((found) => isCertain(found) && !(isMixed && OF_ONE_ALTERNATIVE.includes(found.code)))
    .flatMap((found) => certainPartOf(found, input))
  return issuesOfZod({ issues: certain }, { schema, value: input, path }).map((one) =>
    issue('unfit-input', one.path, one.message),
  )
}

const HAS_ALTERNATIVES = /"(?:anyOf|oneOf)":|"type":\[/
/**
 * Zod reports the issues of the one alternative of a union whose types match. That choice is uncertain here: an unevaluated expression is
 * text, so another alternative may match afterwards.
 */
const OF_ONE_ALTERNATIVE = [
  'too_small',
  'too_big',
  'not_multiple_of',
  'invalid_format',
  'invalid_key',
  'custom',
]

/** Zod's formats are stricter than JSON Schema's, and its patterns lack Unicode classes: agents in other languages may accept more. */
function isCertain(found: z.core.$ZodIssue): boolean {
  if (found.code === 'invalid_format')
    return found.format === 'regex' && !/\\[pPuk][{<]/.test(found.pattern ?? '')
  if (found.code !== 'invalid_union' || found.errors.length === 0) return true
  return found.errors.every((all) => all.some(isCertain))
}

function certainPartOf(found: z.core.$ZodIssue, input: unknown): z.core.$ZodIssue[] {
  const value = valueAt(input, found.path)
  if (found.code === 'unrecognized_keys') {
    const keys = found.keys.filter((key) => expressionIn(valueAt(value, [key])) === undefined)
    return keys.length > 0 ? [{ ...found, keys }] : []
  }
  return expressionsIn(value).length > 0 ? [] : [found]
}

const parsers = new WeakMap<Schema, z.ZodType | 'none'>()

/** Undefined for a schema that cannot be checked. */
function parserOf(schema: Schema): z.ZodType | undefined {
  const known = parsers.get(schema)
  if (known) return known === 'none' ? undefined : known
  const made = parserSafely(schema)
  parsers.set(schema, made ?? 'none')
  return made
}

function parserSafely(schema: Schema): z.ZodType | undefined {
  try {
    return z.fromJSONSchema(schema)
  } catch {
    return undefined
  }
}
