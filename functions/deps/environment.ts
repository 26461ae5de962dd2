import { type Environment, EnvironmentSchema } from '../../shared/contracts/environment.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { describeIssues } from '../../shared/domain/issue.ts'
import { issuesOfZod } from '../../shared/domain/issues-of-zod.ts'
import { once } from './once.ts'

/** Throws ConfigError naming the missing variables. */
export const environment = (): Environment =>
  once('environment', () => {
    const parsed = EnvironmentSchema.safeParse(process.env)
    if (parsed.success) return parsed.data
    const issues = issuesOfZod(parsed.error, { schema: EnvironmentSchema })
    const message = `this function's environment is not complete: ${describeIssues(issues)}`
    throw new OrchestratorError('ConfigError', message)
  })
