import * as z from 'zod'
import { type AgentManifest, AgentManifestSchema, issuesOfManifest } from '../domain/agent.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { describeIssues } from '../domain/issue.ts'
import type { Json } from '../domain/json.ts'
import type { TokenUsage } from '../domain/price-table.ts'
import type { StoredFile } from '../ports/file-store.ts'

/** Facts for the log of the running step; payloads and secrets stay out. */
export type AgentLog = {
  info(message: string, facts?: Record<string, unknown>): void
  warn(message: string, facts?: Record<string, unknown>): void
}

/** What an agent can reach while it works on one step. */
export type AgentContext = {
  readonly task: {
    readonly id: string
    readonly type: string | undefined
    readonly metadata: Record<string, string>
  }
  readonly step: { readonly path: string }
  /** From 1; counts the tries of this step by any agent. */
  readonly attempt: number
  /** Aborts on the deadline and on cancellation; its reason is the error. */
  readonly signal: AbortSignal
  readonly deadline: Date
  readonly log: AgentLog
  readonly files: {
    /** All files at a reference, or under it when it is a folder. Throws InvalidInputError when there are none. */
    list(reference: { $file: string }): Promise<StoredFile[]>
    /** UTF-8 text. Throws NotFoundError, and InvalidInputError when it is too large or not text. */
    readText(key: string): Promise<string>
  }
  /**
   * Performs an effect on the world outside once for this step, whichever of its attempts gets there: a refund, a mail, a booking. Answers its
   * result, also when an earlier attempt has performed it. Throws StepSupersededError when a later attempt has taken over.
   */
  once<T extends Json>(key: string, effect: Effect<T>): Promise<T>
  /**
   * Tells what a part of the work has cost, beside the price of the call: the tokens of a language model, or whatever else is paid by use.
   * Throws ConfigError where the price table does not know the model and `costUsd` is not said either.
   */
  spend(spent: Spent): void
  /** Shown to whoever watches the task; `fraction` is 0 to 1. */
  progress(fraction: number, note: string): Promise<void>
}

export type Spent = { costUsd?: number; tokens?: number } | (TokenUsage & { model: string; costUsd?: number })

/**
 * What must happen once. It gets an idempotency key that is the same for every attempt: hand it to a target that knows such keys; or say
 * how a target is asked (`find` answers undefined where nothing has happened), and how long the effect can take at most: it is asked
 * only when that time is over (30 s where it is not said).
 */
export type Effect<T extends Json = Json> =
  | ((idempotencyKey: string) => Promise<T>)
  | {
      perform(idempotencyKey: string): Promise<T>
      find(idempotencyKey: string): Promise<T | undefined>
      mostSeconds?: number
    }

type Schemas = { description: string; input: z.ZodType; output: z.ZodType }
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
  /** How long a call usually takes: for estimates, until calls have been seen. */
  typicalSeconds?: number
  price?: z.input<typeof AgentManifestSchema>['price']
  /** Words that steps may ask for: `prefer: {tags: [eu]}`. */
  tags?: string[]
  /** For whom it works; for everybody where it is not said. */
  tenants?: string[]
  /** The language model that it uses, whose limit it shares with others that use it. */
  model?: z.input<typeof AgentManifestSchema>['model']
  /** Nothing new is bound to it; say so in a deployment before the one that removes it. */
  deprecated?: boolean
  execute(call: Call<C>, context: AgentContext): Promise<z.input<C[keyof C]['output']>>
}

/** An agent with its types erased: what the host and the registry work with. */
export type DefinedAgent = {
  manifest: AgentManifest
  capabilities: Capabilities
  execute(call: { capability: string; input: unknown }, context: AgentContext): Promise<unknown>
}

/** Declares an agent. Throws a ZodError, or a ConfigError, that says which part of the declaration is wrong. */
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
  } = definition
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

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, Json> {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as Record<string, Json>
}
