import { isJsonObject } from '../../shared/domain/json.ts'

/** The fields of an object's JSON Schema as lines: `query  string, required`. */
export function describeSchema(schema: unknown): string[] {
  if (!isJsonObject(schema) || !isJsonObject(schema.properties)) return []
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(schema.properties).map(([name, field]) => {
    const { description, default: fallback } = isJsonObject(field) ? field : {}
    const facts = [
      typeOf(field),
      fallback === undefined ? '' : `default ${JSON.stringify(fallback)}`,
      required.includes(name) && fallback === undefined ? 'required' : '',
    ]
    const what = facts.filter(Boolean).join(', ')
    return `${name}  ${what}${typeof description === 'string' ? `: ${description}` : ''}`.trimEnd()
  })
}

/** The same, or in one line what a value is that is no object with known fields; empty where anything goes. */
export function describeValue(schema: unknown): string[] {
  const fields = describeSchema(schema)
  if (fields.length > 0 || !isJsonObject(schema)) return fields
  const { description } = schema
  const facts = [typeOf(schema), typeof description === 'string' ? description : ''].filter(Boolean)
  return facts.length > 0 ? [facts.join(': ')] : []
}

function typeOf(field: unknown): string {
  if (!isJsonObject(field)) return ''
  if (Array.isArray(field.enum)) return field.enum.map((value) => JSON.stringify(value)).join(' | ')
  const either = [field.anyOf, field.oneOf].find(Array.isArray)
  if (either) return [...new Set(either.map(typeOf))].filter(Boolean).join(' or ')
  return String(field.type ?? '')
}
