import * as z from 'zod'

const RIGHT =
  'a tenant is a-z, 0-9 and dashes, begins with a letter, and has at most 40 characters, e.g. acme'

/** The name of a tenant. */
export const TenantSchema = z.string({ error: RIGHT }).regex(/^[a-z][a-z0-9-]{0,39}$/, RIGHT)
