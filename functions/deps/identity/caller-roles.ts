import * as z from 'zod'
import { type CallerRole, MappedRoleSchema } from '../../../shared/domain/caller-roles.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'

const RolesSchema = z.array(z.union([z.string(), MappedRoleSchema]))

/** What the stage maps IAM roles to. Throws ConfigError for a variable that cannot be read: no caller may pass by a mapping that is lost. */
export const callerRoles = (): readonly CallerRole[] =>
  once('callerRoles', () => {
    const { CALLER_ROLES: text } = environment()
    if (text === undefined) return []
    try {
      return RolesSchema.parse(JSON.parse(text))
    } catch (error) {
      const message = 'the variable CALLER_ROLES is not what a deployment writes: deploy again'
      throw new OrchestratorError('ConfigError', message, {}, error)
    }
  })
