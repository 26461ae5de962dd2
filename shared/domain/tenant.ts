import * as z from 'zod'

export const RIGHT_TENANT =
  'a tenant is a-z, 0-9 and dashes, begins with a letter, and has at most 40 characters, e.g. acme'

/** The name of a tenant. */
export const TenantSchema = z.string({ error: RIGHT_TENANT }).regex(/^[a-z][a-z0-9-]{0,39}$/, RIGHT_TENANT)
