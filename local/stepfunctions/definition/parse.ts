import { syntaxProblem } from '../query/query.ts'
import { problemsOfVariables } from '../query/variable-scopes.ts'
import type { Definition } from './definition.ts'
import { problemsOfFlow } from './problems.ts'
import { DefinitionSchema } from './schema.ts'

/** The error for an invalid definition: every reason with its place. */
export class InvalidDefinition extends Error {
  override readonly name = 'InvalidDefinition'
  readonly problems: string[]

  constructor(code: string, problems: string[]) {
    super(`Invalid State Machine Definition: '${code}: ${problems.join(', ')}'`)
    this.problems = problems
  }
}

const MAX_DEFINITION_BYTES = 1024 * 1024

/** Parses a definition and checks it; `resources` lists the supported integrations. Throws InvalidDefinition. */
export function parseDefinition(text: string, resources: readonly string[]): Definition {
  const definition = parsed(text)
  if (definition.QueryLanguage !== 'JSONata') {
    const problem =
      'this engine runs definitions with "QueryLanguage": "JSONata" at the top; JSONPath (AWS\'s default) is not supported'
    throw new InvalidDefinition('SCHEMA_VALIDATION_FAILED', [problem])
  }
  const problems = problemsOfShape(definition)
  if (problems.length === 0) problems.push(...problemsOfFlow(definition, '', { names: new Set(), resources }))
  if (problems.length === 0)
    problems.push(...problemsOfVariables(definition), ...problemsOfQueries(definition))
  if (problems.length > 0) throw new InvalidDefinition('SCHEMA_VALIDATION_FAILED', problems)
  return definition
}

function problemsOfShape(definition: Definition): string[] {
  const { error } = DefinitionSchema.safeParse(definition)
  return (error?.issues ?? []).map(({ path, message }) => `${message} at /${path.join('/')}`)
}

/** Syntax errors of all JSONata expressions in a value. */
function problemsOfQueries(value: unknown, at = ''): string[] {
  if (typeof value === 'string') {
    const problem = syntaxProblem(value)
    return problem === undefined ? [] : [`the query ${value} does not parse at ${at}: ${problem}`]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => problemsOfQueries(member, `${at}/${name}`))
}

function parsed(text: string): Definition {
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_DEFINITION_BYTES) {
    const problem = `the definition has ${bytes} bytes; at most ${MAX_DEFINITION_BYTES} are allowed`
    throw new InvalidDefinition('DEFINITION_TOO_LARGE', [problem])
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InvalidDefinition('INVALID_JSON_DESCRIPTION', [(error as Error).message])
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Definition
  throw new InvalidDefinition('SCHEMA_VALIDATION_FAILED', ['Definition must be a valid JSON object'])
}
