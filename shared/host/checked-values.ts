import type * as z from 'zod'
import type { DefinedAgent } from '../agent/index.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { describeIssues } from '../domain/issue.ts'
import { issuesOfZod } from '../domain/issues-of-zod.ts'
import type { Json } from '../domain/json.ts'
import { describeNotJson, notJsonIn } from '../domain/not-json.ts'
import { mentionsInherited, parseOwn } from '../domain/parse-own.ts'
import { asAgentFailure } from './agent-failure.ts'

/** The value as a schema of the agent's reads it. Throws what `failure` makes of the issues. */
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

/** Throws AgentOutputError naming what JSON cannot say, and where it stands. */
export function requireJson(output: unknown, agentId: string, capability: string): Json {
  const found = readSafely(() => notJsonIn(output))
  if (!found) return output as Json
  const message = `${agentId} answered ${capability} with what is no JSON: ${describeNotJson(found, 'output')}`
  throw new OrchestratorError('AgentOutputError', message)
}

/** What an agent has made may run code of its own when it is read. */
function readSafely<T>(read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    throw asAgentFailure(thrown)
  }
}

const plainness = new WeakMap<DefinedAgent, boolean>()

/** Whether no schema of the agent's names what every object inherits. Found once for each agent: it takes reading all its schemas. */
function isPlain(agent: DefinedAgent): boolean {
  const known = plainness.get(agent)
  if (known !== undefined) return known
  const found = !mentionsInherited(agent.manifest.capabilities)
  plainness.set(agent, found)
  return found
}
