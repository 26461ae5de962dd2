import { ERRORS, type ErrorName, OrchestratorError } from '../shared/domain/errors.ts'
import type { Failure } from './scripted-agent.ts'

/** The error that a script names; `message` is its message where the script gives none. */
export function failureOf(fails: Failure, message: string): Error {
  const said = typeof fails === 'string' ? { name: fails } : fails
  const { name, message: own = message, details = {} } = said as Exclude<Failure, string>
  return isErrorName(name)
    ? new OrchestratorError(name, own, details)
    : Object.assign(new Error(own), { name })
}

const isErrorName = (name: string): name is ErrorName => Object.hasOwn(ERRORS, name)
