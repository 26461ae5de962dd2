import { OrchestratorError } from 'orchestrator/agent'
import * as z from 'zod'

/** The stage's `allowedHosts`, which a function gets whose agent says `needs: {hosts: true}`. Empty where the stage names none. */
export function allowedHosts(): string[] {
  const text = process.env.ALLOWED_HOSTS ?? '[]'
  try {
    return z.array(z.string()).parse(JSON.parse(text))
  } catch {
    throw new OrchestratorError(
      'ConfigError',
      `ALLOWED_HOSTS is ${text.slice(0, 200)}; it must be a JSON list of hosts`,
    )
  }
}
