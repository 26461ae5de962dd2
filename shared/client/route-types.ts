import type * as z from 'zod'
import type { ROUTES, RouteId } from '../contracts/routes.ts'

/** A field that is undefined counts as absent. */
type Loose<Fields> = {
  [Name in keyof Fields]: undefined extends Fields[Name] ? Fields[Name] | undefined : Fields[Name]
}
export type InputOf<Id extends RouteId> = Loose<z.input<(typeof ROUTES)[Id]['input']>>
export type OutputOf<Id extends RouteId> = z.output<(typeof ROUTES)[Id]['success']['output']>
