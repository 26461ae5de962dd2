import type * as z from 'zod'
import type { DefinedAgent } from '../agent/index.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { describeIssues } from '../domain/issue.ts'
import { issuesOfZod } from '../domain/issues-of-zod.ts'
import type { Json } from '../domain/json.ts'
import { describeNotJson, notJsonIn } from '../domain/not-json.ts'
import { mentionsInherited, parseOwn } from '../domain/parse-own.ts'
import { asAgentFailure } from './agent-failure.ts'

/** Parses the value with a schema of the agent. Throws the error that `failure` makes from the issues. */
export function parseWith(
  agent: DefinedAgent,
  schema: z.ZodType,
  value: unknown,
  failure: (issues: string) => OrchestratorError,
): unknown {
  const parsed = readSafely(() => (isPlain(agent) ? schema.safeParse(value) : parseOwn(schema, value)))
  if (parsed.success) return parsed.data
  throw failure(describeIssues(readSafely(() => issuesOfZod(parsed.error, { schema, value }))))
}

/**
 * Returns the output if JSON can represent it. Throws AgentOutputError naming the value that it cannot, and its path.
 */
export function requireJson(output: unknown, agentId: string, capability: string): Json {
  const found = readSafely(() => notJsonIn(output))
  if (!found) return output as Json
  const message = `${agentId} answered ${capability} with what is no JSON: ${describeNotJson(found, 'output')}`
  throw new OrchestratorError('AgentOutputError', message)
}

/** Getters and refinements of the agent may throw while its values are read: such errors are the agent's failure. */
function readSafely<T>(read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    throw asAgentFailure(thrown)
  }
}

const plainness = new WeakMap<DefinedAgent, boolean>()

/**
 * Whether no schema of the agent has a property named like a member of Object.prototype. Cached, because it walks all
 * schemas.
 */
function isPlain(agent: DefinedAgent): boolean {
  const known = plainness.get(agent)
  if (known !== undefined) return known
  const found = !mentionsInherited(agent.manifest.capabilities)
  plainness.set(agent, found)
  return found
}
