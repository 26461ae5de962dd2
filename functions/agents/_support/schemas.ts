import * as z from 'zod'
import { isJsonObject, type Json } from '../../../shared/domain/json.ts'
import type { Row } from './cells.ts'

/** An object kept as it is: `z.record` would leave out a member that is called `__proto__`. */
export const RowSchema = z
  .custom<Row>(isJsonObject, 'a row is an object')
  .meta({ type: 'object', additionalProperties: true })

/** Any JSON, kept as it is. */
export const JsonSchema = z.custom<Json>((value) => value !== undefined, 'a value is missing')

/** An object whose members are named by the user, whatever the names. */
export function namedSchema<T extends z.ZodType>(member: T) {
  const { $schema: _, ...additionalProperties } = z.toJSONSchema(member, { io: 'input' })
  return z
    .custom<Record<string, z.output<T>>>(isJsonObject, 'expected an object')
    .superRefine((value, context) => {
      for (const [name, entry] of Object.entries(value)) {
        for (const issue of member.safeParse(entry).error?.issues ?? [])
          context.addIssue({ code: 'custom', message: issue.message, path: [name, ...issue.path] })
      }
    })
    .meta({ type: 'object', additionalProperties })
}
