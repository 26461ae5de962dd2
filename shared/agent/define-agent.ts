import * as z from 'zod'
import { type AgentManifest, AgentManifestSchema, issuesOfManifest } from '../domain/agent.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { describeIssues, issue } from '../domain/issue.ts'
import type { Json } from '../domain/json.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import type { AgentContext } from './agent-context.ts'

type Schemas = { description: string; input: z.ZodType; output: z.ZodType }
/** What an agent can do, by name: a description, and the schemas of input and output. */
export type Capabilities = Readonly<Record<string, Schemas>>

/** One call of an agent: which capability, with its parsed input. Narrow on `capability`. */
type Call<C extends Capabilities> = {
  [Name in keyof C]: { capability: Name; input: z.output<C[Name]['input']> }
}[keyof C]

type Definition<C extends Capabilities> = {
  id: string
  version: string
  description: string
  capabilities: C
  limits?: z.input<typeof AgentManifestSchema>['limits']
  /** The usual duration of a call, for estimates until calls have been measured. */
  typicalSeconds?: number
  price?: z.input<typeof AgentManifestSchema>['price']
  /** Tags that steps may require: `prefer: {tags: [eu]}`. */
  tags?: string[]
  /** The tenants that may use the agent; all by default. */
  tenants?: string[]
  /** The language model that it uses, whose rate limit is shared by all agents with this model. */
  model?: z.input<typeof AgentManifestSchema>['model']
  /** No new step is bound to the agent; set it in a deployment before the one that removes the agent. */
  deprecated?: boolean
  execute(call: Call<C>, context: AgentContext): Promise<z.input<C[keyof C]['output']>>
}

/** An agent with its types erased, for the host and the registry. */
export type DefinedAgent = {
  manifest: AgentManifest
  capabilities: Capabilities
  execute(call: { capability: string; input: unknown }, context: AgentContext): Promise<unknown>
}

/** Declares an agent. Throws a ZodError or a ConfigError that names the invalid part of the declaration. */
export function defineAgent<const C extends Capabilities>(definition: Definition<C>): DefinedAgent {
  const {
    id,
    version,
    description,
    capabilities,
    limits,
    typicalSeconds,
    price,
    tags,
    tenants,
    model,
    deprecated,
    execute,
    ...unknown
  } = definition
  requireKnown(id, Object.keys(unknown))
  const manifest = AgentManifestSchema.parse({
    id,
    version,
    description,
    limits,
    typicalSeconds,
    price,
    tags,
    tenants,
    model,
    deprecated,
    capabilities: Object.entries(capabilities).map(([name, capability]) => ({
      name,
      description: capability.description,
      inputSchema: toJsonSchema(capability.input, 'input'),
      outputSchema: toJsonSchema(capability.output, 'output'),
    })),
  })
  const issues = issuesOfManifest(manifest)
  if (issues.length > 0)
    throw new OrchestratorError('ConfigError', `agent ${id}: ${describeIssues(issues)}`, { issues })
  return { manifest, capabilities, execute: execute as DefinedAgent['execute'] }
}

const FIELDS = [...Object.keys(AgentManifestSchema.shape), 'execute']

/** A misspelt field would leave its default in place without a word. */
function requireKnown(id: string, unknown: readonly string[]): void {
  const issues = unknown.map((field) =>
    issue('unknown-field', field, `an agent has no "${field}"${suggestNames(field, FIELDS)}`),
  )
  if (issues.length === 0) return
  throw new OrchestratorError('ConfigError', `agent ${id}: ${describeIssues(issues)}`, { issues })
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, Json> {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as Record<string, Json>
}
