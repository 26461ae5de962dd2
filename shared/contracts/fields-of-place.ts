import { KINDS_TO_COME } from '../domain/elsewhere/place.ts'
import { type Issue, issue } from '../domain/issue.ts'
import { ownOf } from '../domain/own.ts'
import { issuesOfJsonSchema } from '../workflow/json-schema-issues.ts'
import { schemaOfJson } from '../workflow/schema-of-json.ts'
import type { RegisterAgent } from './register-agent.ts'

/** The fields of each kind; those of others do not go with it. */
const FIELDS: Readonly<Record<string, { required: 'arn' | 'url'; optional: readonly string[] }>> = {
  lambda: { required: 'arn', optional: [] },
  http: { required: 'url', optional: ['secret'] },
}
const PLACES = ['functionArn', 'arn', 'url', 'secret'] as const

/** Whether the fields that say where an agent is go together, and an agent elsewhere needs nothing that only our host could give it. */
export function issuesOfFields(
  request: Omit<RegisterAgent, 'functionArn'> & { functionArn?: string | undefined },
): Issue[] {
  const { kind, needs, capabilities } = request
  const given = PLACES.filter((field) => request[field] !== undefined)
  if (kind === undefined) {
    const others = given.filter((field) => field !== 'functionArn')
    if (request.functionArn === undefined)
      return [
        issue(
          'missing-field',
          'functionArn',
          'it is not said where the agent is: give functionArn of a function that hosts it, or kind "lambda" with arn, or kind "http" with url',
        ),
      ]
    return others.map((field) => issue('unknown-field', field, `it goes with kind, which is not given`))
  }
  const toCome = ownOf(KINDS_TO_COME, kind)
  if (toCome !== undefined) return [issue('invalid-value', 'kind', `it is "${kind}": ${toCome}`)]
  const { required, optional } = FIELDS[kind] as (typeof FIELDS)[string]
  const issues = given
    .filter((field) => field !== required && !optional.includes(field))
    .map((field) => issue('unknown-field', field, `an agent of kind "${kind}" has no ${field}`))
  if (request[required] === undefined)
    issues.push(issue('missing-field', required, `an agent of kind "${kind}" has it: it is where calls go`))
  if (needs !== undefined)
    issues.push(
      issue(
        'unknown-field',
        'needs',
        'an agent elsewhere brings what it needs: models, secrets and hosts of the stage are given to agents that our host runs; leave needs out',
      ),
    )
  return [...issues, ...capabilities.flatMap(issuesOfSchemas)]
}

/** Only what can be checked is registered: the host checks each input and output. */
const issuesOfSchemas = (
  { inputSchema, outputSchema }: RegisterAgent['capabilities'][number],
  at: number,
): Issue[] => [
  ...issuesOfJsonSchema(inputSchema, `capabilities[${at}].inputSchema`, schemaOfJson),
  ...issuesOfJsonSchema(outputSchema, `capabilities[${at}].outputSchema`, schemaOfJson),
]
