import * as z from 'zod'
import { StageSchema } from './stage.ts'

type JsonSchema = Record<string, unknown>

/** The fields of a stage's file as JSON Schema (draft 7), for editors. */
export function stageJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(StageSchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod
      if (def.type === 'pipe' && def.in._zod.def.type === 'transform') takeText(jsonSchema)
    },
  }) as JsonSchema
  const defaults: JsonSchema = StageSchema.parse({})
  const properties = Object.fromEntries(
    Object.entries(schema.properties as Record<string, JsonSchema>).map(([name, field]) => [
      name,
      defaults[name] === undefined ? field : { ...field, default: defaults[name] },
    ]),
  )
  return {
    $schema,
    title: 'Stage of the orchestrator',
    description: 'What differs between deployments; every field has a default.',
    ...schema,
    // An unquoted scalar of these fields keeps its text (read-stage-file.ts).
    properties: {
      ...properties,
      account: { ...properties.account, type: ['string', 'integer'] },
      tags: { ...properties.tags, additionalProperties: { type: ['string', 'number', 'boolean'] } },
    },
  }
}

/** Numbers may be written as text, which is what the command line gives. */
function takeText(schema: JsonSchema): void {
  const number = { ...schema }
  for (const member of Object.keys(number)) delete schema[member]
  schema.anyOf = [number, { type: 'string', pattern: '^\\d+(\\.\\d+)?$' }]
}
