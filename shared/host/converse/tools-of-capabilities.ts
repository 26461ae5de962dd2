import type { Agent } from '../../domain/agent.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'

/** A capability as a tool of a model, by its own name: adapters give it one that the provider takes (`text_write`), and take that back. */
export type CapabilityTool = {
  name: string
  description: string
  schema: JsonObject
  /** Whether the capability takes no object, so that the model gives it as the member `input` of one. */
  isWrapped: boolean
}

/** The tool that a call means; also by the name that providers have for it. No capability has an underscore, so that no two are one. */
export const toolMeant = (name: string, tools: readonly CapabilityTool[]): CapabilityTool | undefined =>
  tools.find((one) => one.name === name || wireName(one.name) === name)

const wireName = (capability: string): string => capability.replaceAll('.', '_')

/** How a model that reads of a tool in a text finds it; undefined where no name differs. */
export function namesTold(tools: readonly CapabilityTool[]): string | undefined {
  const other = tools.find(({ name }) => wireName(name) !== name)?.name
  return other === undefined
    ? undefined
    : `Texts name a tool as ${other} where it is called by ${wireName(other)}: with dots in place of underscores.`
}

/** The name of the structured answer, which no tool has. */
export const answerName = (tools: readonly CapabilityTool[]): string =>
  tools.some(({ name }) => name === 'answer') ? 'final_answer' : 'answer'

/**
 * The capabilities as tools, in their order, by the schemas that are registered: where several agents offer one, those of the first by id, so
 * that the same catalogue makes the same prompt. One that nobody offers now is left out.
 */
export function toolsOfCapabilities(
  capabilities: readonly string[],
  agents: readonly Agent[],
  tenant: string,
): CapabilityTool[] {
  const usable = agents
    .filter(({ status, tenants }) => status === 'active' && (tenants?.includes(tenant) ?? true))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
  return capabilities.flatMap((capability) => {
    const offered = usable.flatMap((agent) => agent.capabilities).find(({ name }) => name === capability)
    if (!offered) return []
    const { description } = offered
    const schema = offered.inputSchema as JsonObject
    const isWrapped = !takesObject(schema)
    return {
      name: capability,
      description,
      isWrapped,
      schema: isWrapped
        ? wrapped(schema)
        : takesAnything(schema)
          ? { type: 'object' }
          : { ...schema, type: 'object' },
    }
  })
}

/** A schema that says nothing of types takes an object too; providers want one at the top, and no alternatives there. */
const takesObject = (schema: JsonObject): boolean =>
  schema.type === 'object' ||
  takesAnything(schema) ||
  !TYPING.some((keyword) => Object.hasOwn(schema, keyword))

/** Whether an alternative is an object with whatever members. */
function takesAnything({ anyOf }: JsonObject): boolean {
  if (!Array.isArray(anyOf)) return false
  return anyOf.some(
    (one) =>
      isJsonObject(one) &&
      one.type === 'object' &&
      one.properties === undefined &&
      one.required === undefined &&
      one.additionalProperties !== false,
  )
}

const TYPING = ['type', 'anyOf', 'oneOf', 'allOf', '$ref', 'enum', 'const', 'not', 'if']

const wrapped = (schema: JsonObject): JsonObject => ({
  type: 'object',
  required: ['input'],
  additionalProperties: false,
  properties: { input: moved(schema) as JsonObject },
})

/** References are read from the top of the whole, and what they name now stands in `input`. */
function moved(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(moved)
  if (!isJsonObject(schema)) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => {
      const isReference = name === '$ref' && typeof value === 'string' && /^#(?:$|\/)/.test(value)
      return [name, isReference ? value.replace('#', '#/properties/input') : moved(value as Json)]
    }),
  )
}

/** What the capability gets of the arguments of a tool. */
export const inputOfCall = ({ isWrapped }: CapabilityTool, given: JsonObject): Json =>
  isWrapped && isJsonObject(given) ? (given.input ?? null) : given
