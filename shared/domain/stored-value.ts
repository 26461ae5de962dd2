import * as z from 'zod'

/** Where a value is stored: inside the item when small, in the blob store (content-addressed) when large: the claim-check pattern. */
export const StoredValueSchema = z.union([
  z.object({ inline: z.string().describe('JSON text') }),
  z.object({ blob: z.string().describe('key in the blob store'), bytes: z.number() }),
])
export type StoredValue = z.infer<typeof StoredValueSchema>
