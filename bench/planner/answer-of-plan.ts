import type { Json, JsonObject } from '../../shared/domain/json.ts'
import type { Case, ToolPlan } from './cases.ts'

export type Answer = { assumptions: string[]; workflow: { name: string; steps: Record<string, JsonObject> } }

/** A plan of the data as a model would answer it. `hasStrayLink` where a link leads from or to what no answer can say. */
export function answerOfPlan(one: Case, plan: ToolPlan): { answer: Answer; hasStrayLink: boolean } {
  const { links, hasStrayLink } = linksOfSteps(plan)
  const steps = plan.steps.map((id, at) => {
    const capability = one.nameOf(id)
    const own = links.filter(({ to }) => to === at)
    const read = own.flatMap(({ from }) => (typeof from === 'number' && from !== at ? [from] : []))
    const needs = own.map(({ from }) => (typeof from === 'number' ? idAt(from) : from.left))
    const tool = one.catalogue.find(capability)
    const hasOwn = one.source === 'own' && tool !== undefined
    const input = hasOwn ? argumentsAt(plan, at, tool.inputSchema.required) : requestOf(one, at, read)
    return [idAt(at), { capability, input, ...(needs.length > 0 ? { needs } : {}) }] as const
  })
  const workflow = { name: 'plan', steps: Object.fromEntries(steps) }
  return { answer: { assumptions: [], workflow }, hasStrayLink }
}

export const idAt = (at: number): string => `s${at + 1}`

/** `from` is the position of a step, or what stands there instead of one. */
type StepLink = { from: number | { left: string | number }; to: number }

/** Links between uses of tools, by position; from a name where no step has it. */
function linksOfSteps({ steps, links }: ToolPlan): { links: StepLink[]; hasStrayLink: boolean } {
  const found: StepLink[] = []
  let hasStrayLink = false
  const isFree = (from: number, to: number): boolean =>
    !found.some((one) => one.from === from && one.to === to)
  for (const [source, target] of links) {
    const sources = positionsOf(source, steps)
    const targets = targetsOf(target, steps)
    if (targets.length === 0) {
      hasStrayLink = true
      continue
    }
    const pairs = targets
      .flatMap((to) => sources.map((from) => ({ from, to })))
      .filter(({ from, to }) => isFree(from, to))
    const forward = pairs.filter(({ from, to }) => from < to)
    const others = pairs.filter(({ from, to }) => from !== to)
    const next = forward.sort((a, b) => a.to - b.to || b.from - a.from)[0] ?? others[0] ?? pairs[0]
    if (sources.length === 0) found.push({ from: { left: source }, to: targets[0] ?? 0 })
    else if (next) found.push(next)
  }
  return { links: found, hasStrayLink }
}

/** A source that is a position stays one, for the planner to read. */
const positionsOf = (tool: string | number, steps: readonly string[]): number[] =>
  steps.flatMap((one, at) => (one === tool ? [at] : []))

const targetsOf = (tool: string | number, steps: readonly string[]): number[] =>
  typeof tool === 'string' ? positionsOf(tool, steps) : steps[tool] === undefined ? [] : [tool]

const MOST_REQUEST = 60

function requestOf({ goal }: Case, at: number, read: readonly number[]): JsonObject {
  const words = goal
    .replaceAll(/[{}$%]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .slice(0, MOST_REQUEST)
    .trim()
  const request = `part ${at + 1} of: ${words}`
  return {
    request,
    ...(read.length > 0 ? { from: read.map((from) => `{% $steps.${idAt(from)}.result %}`) } : {}),
  }
}

/** The first of the values that the data accepts; an argument among whose values is `''` may be left out, and is, where the tool does not require it. */
function argumentsAt({ arguments: all = [] }: ToolPlan, at: number, required: unknown): JsonObject {
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name)
  const given = Object.entries(all[at] ?? {}).flatMap(([name, values]) =>
    values.includes('') && !isRequired(name) ? [] : [[name, plainOf(values[0])] as const],
  )
  return Object.fromEntries(given)
}

/** Inner objects of BFCL's answers have lists of accepted values, too. */
function plainOf(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plainOf)
  if (typeof value !== 'object' || value === null) return value as Json
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, values]) => {
      const first: unknown = Array.isArray(values) ? values[0] : values
      return first === '' ? [] : [[name, plainOf(first)] as const]
    }),
  )
}
