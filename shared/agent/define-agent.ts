import type * as z from 'zod'
import {
  AgentLimitsSchema,
  type AgentManifest,
  AgentManifestSchema,
  AgentModelSchema,
  AgentNeedsSchema,
  AgentPriceSchema,
  issuesOfManifest,
} from '../domain/agent.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { describeIssues, type Issue, issue } from '../domain/issue.ts'
import { issuesOfZod } from '../domain/issues-of-zod.ts'
import { isJsonObject } from '../domain/json.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { shown } from '../domain/shown.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import type { AgentContext } from './agent-context.ts'
import type { HandledMessage, MessageContext } from './agent-messages.ts'
import { isZod4, kindOfSchema, toJsonSchema, type Zod4Schema } from './given-schema.ts'
import type { Suspension } from './suspend.ts'

/**
 * What an agent can do, by name: a description, and the schemas of input and output. `outbound` says that it sends its input to a host outside, though it
 * changes nothing there; an agent that changes something has the tag `effect`. `suspends` says that its agent may end a turn by `context.suspend`.
 */
export type Capabilities = Readonly<
  Record<
    string,
    { description: string; input: z.ZodType; output: z.ZodType; outbound?: boolean; suspends?: boolean }
  >
>

type Zod4Output = { readonly _zod: { readonly input: AnyValue; readonly output: unknown } }
type GivenCapabilities = Readonly<
  Record<
    string,
    { description: string; input: Zod4Schema; output: Zod4Output; outbound?: boolean; suspends?: boolean }
  >
>

/** One call of an agent: which capability, with its parsed input. Narrow on `capability`. */
type Call<C extends GivenCapabilities> = {
  [Name in keyof C]: { capability: Name; input: z.output<C[Name]['input']> }
}[keyof C]

/**
 * Any value, as `unknown`. TypeScript checks the body of `execute` before it knows C: its contextual type is then this constraint. The literals and
 * the empty tuple in it make `'good'` stay `'good'`, rather than be widened to `string`, and `['a', 1]` a tuple.
 */
type AnyValue = NonNullable<unknown> | null | undefined | KeepsLiterals
type KeepsLiterals = '' | 0 | 0n | boolean | null | [] | KeepsLiterals[] | { [name: string]: KeepsLiterals }

type GivenNeeds = NonNullable<z.input<typeof AgentManifestSchema>['needs']>

type Definition<C extends GivenCapabilities, Secret extends string, Body extends Zod4Schema> = {
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
  /** What it needs from its stage: `{models: ['default']}` gives it `context.model` and the permission to call these models, `{secrets: ['OPENAI']}` what `context.secret('OPENAI')` reads, `{hosts: true}` the hosts that it may call. */
  needs?: Omit<GivenNeeds, 'secrets'> & { secrets?: readonly Secret[] }
  /** No new step is bound to the agent; set it in a deployment before the one that removes the agent. */
  deprecated?: boolean
  /** What messages `onMessage` gets beside those to the agent itself: published ones of these topics; and what their bodies must be, a schema of zod 4. */
  messages?: { topics?: readonly string[]; body?: Body }
  execute(
    call: Call<C>,
    context: AgentContext<Secret>,
  ): Promise<C[keyof C]['output']['_zod']['input'] | Suspension>
  /** Handles a message of a task in which the agent has a step. Its effects belong into `context.once`: it may be called again with the same message. */
  onMessage?(message: HandledMessage<z.output<Body>>, context: MessageContext<Secret>): Promise<void>
}

/** An agent with its types erased, for the host and the registry. */
export type DefinedAgent = {
  manifest: AgentManifest
  capabilities: Capabilities
  execute(call: { capability: string; input: unknown }, context: AgentContext): Promise<unknown>
  onMessage?: ((message: HandledMessage, context: MessageContext) => Promise<void>) | undefined
  messageBody?: z.ZodType | undefined
}

/** Declares an agent. Throws a ConfigError with every issue of the declaration: its path, the value, and what would be right. */
export function defineAgent<
  C extends GivenCapabilities,
  const Secret extends string = never,
  Body extends Zod4Schema = Zod4Schema,
>(definition: Definition<C, Secret, Body>): DefinedAgent {
  const { id, capabilities, execute, onMessage, messages, ...said } = definition
  requireCallable(id, { capabilities, execute })
  requireKnown(id, { ...said, messages })
  const messageBody = requireHandler(id, { onMessage, messages })
  const schemas = requireSchemas(id, capabilities)
  const declared = {
    ...said,
    id,
    ...(onMessage === undefined ? {} : { messages: declaredMessages(messages?.topics, messageBody) }),
    capabilities: Object.entries(schemas).map(([name, capability]) => ({
      name,
      description: capability.description,
      inputSchema: toJsonSchema(capability.input, 'input'),
      outputSchema: toJsonSchema(capability.output, 'output'),
      outbound: capability.outbound,
      suspends: capability.suspends,
    })),
  }
  const parsed = AgentManifestSchema.safeParse(declared)
  const issues = parsed.success
    ? issuesOfManifest(parsed.data)
    : issuesOfZod(parsed.error, { schema: AgentManifestSchema, value: declared })
  if (!parsed.success || issues.length > 0)
    throw new OrchestratorError('ConfigError', `agent ${shownId(id)}: ${describeIssues(issues)}`, { issues })
  const manifest = parsed.data
  return {
    manifest,
    capabilities: schemas,
    execute: execute as DefinedAgent['execute'],
    ...(onMessage === undefined ? {} : { onMessage: onMessage as DefinedAgent['onMessage'], messageBody }),
  }
}

const declaredMessages = (topics: readonly string[] = [], body: z.ZodType | undefined) => ({
  topics,
  ...(body ? { bodySchema: toJsonSchema(body, 'input') } : {}),
})

/** The schema of the bodies that a handler takes. Throws ConfigError for a handler or a schema that is none, and for one without the other. */
function requireHandler(
  id: string,
  { onMessage, messages }: { onMessage: unknown; messages: { body?: unknown } | undefined },
): z.ZodType | undefined {
  const issues: Issue[] = []
  if (onMessage !== undefined && typeof onMessage !== 'function') {
    const message = `it is ${shown(onMessage)}; it must be a function of (message, context)`
    issues.push(issue('invalid-value', 'onMessage', message))
  }
  if (messages !== undefined && onMessage === undefined)
    issues.push(
      issue('missing-field', 'onMessage', 'the agent says which messages it gets, and has no onMessage'),
    )
  const body = messages?.body
  if (body !== undefined && !isZod4(body))
    issues.push(
      issue('invalid-value', 'messages.body', `it is ${kindOfSchema(body)}; it must be a schema of zod 4`),
    )
  if (issues.length === 0) return isZod4(body) ? body : undefined
  throw new OrchestratorError('ConfigError', `agent ${shownId(id)}: ${describeIssues(issues)}`, { issues })
}

/** An id that is none is shown as the value that it is. */
const shownId = (id: unknown): string => (typeof id === 'string' && id !== '' ? id : shown(id))

const PARTS = {
  limits: AgentLimitsSchema,
  price: AgentPriceSchema,
  model: AgentModelSchema,
  needs: AgentNeedsSchema,
}
const FIELDS = [...Object.keys(AgentManifestSchema.shape), 'execute', 'onMessage']

/** What JavaScript may leave out, or an unchecked module. */
function requireCallable(
  id: string,
  { capabilities, execute }: { capabilities: unknown; execute: unknown },
): void {
  const issues: Issue[] = []
  const given = isJsonObject(capabilities) ? Object.entries(capabilities) : [['', undefined] as const]
  for (const [name, one] of given) {
    if (isJsonObject(one)) continue
    const path = name === '' ? 'capabilities' : `capabilities["${name}"]`
    const right =
      name === '' ? '{"text.shorten": {description, input, output}}' : '{description, input, output}'
    issues.push(
      issue(
        'invalid-value',
        path,
        `it is ${shown(name === '' ? capabilities : one)}; it must be an object such as ${right}`,
      ),
    )
  }
  if (typeof execute !== 'function')
    issues.push(
      issue('invalid-value', 'execute', `it is ${shown(execute)}; it must be a function of (call, context)`),
    )
  if (issues.length === 0) return
  throw new OrchestratorError('ConfigError', `agent ${shownId(id)}: ${describeIssues(issues)}`, { issues })
}

/** A misspelt field would leave its default in place without a word. */
function requireKnown(id: string, given: Readonly<Record<string, unknown>>): void {
  const issues = [
    ...unknownFields('', 'an agent', given, FIELDS),
    ...Object.entries(PARTS).flatMap(([part, { shape }]) =>
      unknownFields(`${part}.`, part, given[part], Object.keys(shape)),
    ),
  ]
  if (issues.length === 0) return
  throw new OrchestratorError('ConfigError', `agent ${id}: ${describeIssues(issues)}`, { issues })
}

function unknownFields(at: string, what: string, value: unknown, known: readonly string[]): Issue[] {
  return Object.keys(value ?? {})
    .filter((field) => !known.includes(field))
    .map((field) =>
      issue('unknown-field', `${at}${field}`, `${what} has no "${field}"${suggestNames(field, known)}`),
    )
}

/**
 * Throws a ConfigError for values that are not zod 4 schemas: their conversion to JSON Schema would silently produce
 * nothing.
 */
function requireSchemas(id: string, given: GivenCapabilities): Capabilities {
  const schemas: Record<string, Capabilities[string]> = {}
  const issues: Issue[] = []
  for (const [name, { description, input, output, outbound, suspends }] of Object.entries(given)) {
    if (isZod4(input) && isZod4(output))
      schemas[name] = { description, input, output, ...withoutUndefined({ outbound, suspends }) }
    for (const [field, schema] of Object.entries({ input, output })) {
      if (isZod4(schema)) continue
      const path = `capabilities["${name}"].${field}`
      issues.push(issue('invalid-value', path, `it is ${kindOfSchema(schema)}; it must be a schema of zod 4`))
    }
  }
  if (issues.length === 0) return schemas
  throw new OrchestratorError('ConfigError', `agent ${id}: ${describeIssues(issues)}`, { issues })
}
