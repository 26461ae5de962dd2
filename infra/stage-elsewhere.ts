import type * as z from 'zod'
import { VpcSchema } from '../shared/domain/agent-access.ts'
import { type ElsewhereSettings, ElsewhereSettingsSchema } from '../shared/domain/elsewhere/settings.ts'

/** It travels in a variable of a function, which has 4 KB for all of them. */
const MOST_CHARACTERS = 1_500

export const AgentsElsewhereSchema = ElsewhereSettingsSchema.extend({
  vpc: VpcSchema.optional().describe(
    'The network of the function that calls them, for privateOrigins; the internet is reached from there only by a NAT of yours',
  ),
}).refine((said) => JSON.stringify(travelling(said)).length <= MOST_CHARACTERS, {
  error: `all of it together has at most ${MOST_CHARACTERS} characters as JSON: *.example.com is every name below example.com, and agents-* every function that begins so`,
})
type Said = z.output<typeof ElsewhereSettingsSchema> & { vpc?: unknown }

/** What the functions are told; defaults are left out. */
export function travelling({ vpc: _, tenants, ...own }: Said): Partial<ElsewhereSettings> {
  const some = <T extends object>(part: T): Partial<T> =>
    Object.fromEntries(Object.entries(part).filter(([, list]) => list.length > 0)) as Partial<T>
  const ofTenants = Object.entries(tenants).map(([tenant, part]) => [tenant, some(part)])
  return {
    ...some(own),
    ...(ofTenants.length > 0
      ? { tenants: Object.fromEntries(ofTenants) as ElsewhereSettings['tenants'] }
      : {}),
  }
}

/** The known names at a path in `agentsElsewhere`. */
export const fieldsOfElsewhere = ([, tenants]: readonly PropertyKey[]): readonly string[] =>
  Object.keys(AgentsElsewhereSchema.shape).filter(
    (name) => tenants === undefined || !['tenants', 'vpc'].includes(name),
  )
