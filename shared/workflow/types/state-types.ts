import type { Issue } from '../../domain/issue.ts'
import { ownOf } from '../../domain/own.ts'
import { isAgentStep, type Step, type Workflow } from '../schema.ts'
import { issuesOfInput } from './issues-of-input.ts'
import { typeOfCurrent } from './known-types.ts'
import { type Scope, scopeWith } from './scopes.ts'
import { typeTakenBy } from './type-of-schema.ts'

type State = Workflow['state']

/** The scope of an expression in the `state` of a step, by its field: that of its output and, in an update, the newest value. */
export function scopeOfState(field: string, ofOutput: Scope, state: State): Scope {
  const [, key] = /^state\.update\.(\w+)/.exec(field) ?? []
  return key === undefined ? ofOutput : scopeWith(ofOutput, [['current', typeOfCurrent(ownOf(state, key))]])
}

/** Values of the wrong type for the keys that a step writes. */
export function issuesOfStateWritten(step: Step, at: string, ofOutput: Scope, state: State): Issue[] {
  if (!isAgentStep(step) || !step.state) return []
  const { set = {}, update = {} } = step.state
  return Object.entries({ set, update }).flatMap(([how, values]) =>
    Object.entries(values).flatMap(([key, value]) => {
      const schema = ownOf(state, key)?.schema
      const field = `state.${how}.${key}`
      const place = {
        path: `${at}.${field}`,
        what: `what state "${key}" holds`,
        scope: scopeOfState(field, ofOutput, state),
      }
      return schema === undefined ? [] : issuesOfInput(value, typeTakenBy(schema), place)
    }),
  )
}
