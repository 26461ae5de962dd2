import { isJsonObject, type Json } from 'orchestrator/agent'
import * as z from 'zod'
import type { Row } from './cells.ts'

/** An object passed through unparsed: `z.record` would copy every row. */
export const RowSchema = z
  .custom<Row>(isJsonObject, 'a row is an object')
  .meta({ type: 'object', additionalProperties: true })

/** Any JSON value, passed through unparsed. */
export const JsonSchema = z.custom<Json>((value) => value !== undefined, 'a value is missing')
