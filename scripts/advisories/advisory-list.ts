import semver from 'semver'
import * as z from 'zod'

const range = z
  .string()
  .refine((text) => semver.validRange(text) !== null, 'is no range of versions that npm would read')

const advisorySchema = z
  .object({
    /** The GHSA id if there is one, so that npm's advisories and the list's can be matched. */
    id: z.string().regex(/^(GHSA(-[a-z0-9]{4}){3}|CVE-\d{4}-\d{4,})$/, 'is neither a GHSA nor a CVE id'),
    aliases: z.array(z.string()).optional(),
    package: z.string().min(1),
    vulnerable: range,
    /** The first fixed version of each release line that has one; null if there is none. */
    fixed: z.string().min(1).nullable(),
    summary: z.string().min(1).max(200),
    url: z.url({ protocol: /^https$/ }),
  })
  .strict()

const acceptanceSchema = z
  .object({
    advisories: z.array(z.string()).min(1),
    package: z.string(),
    /** The name in package.json: accepting `jsonata-asl` does not cover a `jsonata` beside it. */
    installedAs: z.string(),
    versions: range,
    why: z.string().min(40, 'a reason is a sentence or more, at least 40 characters'),
  })
  .strict()

const listSchema = z
  .object({
    $comment: z.string().optional(),
    asOf: z.iso.date(),
    accepted: z.array(acceptanceSchema),
    advisories: z.array(advisorySchema),
  })
  .strict()
  .superRefine(({ advisories, accepted }, { addIssue }) => {
    const complain = (message: string, path: (string | number)[]) =>
      addIssue({ code: 'custom', message, path })
    advisories.forEach(({ id, fixed, vulnerable }, index) => {
      const same = advisories.findIndex(
        (other) => other.id === id && other.package === advisories[index]?.package,
      )
      if (same !== index) complain(`${id} is there twice for one package`, ['advisories', index])
      for (const version of fixed?.split(' || ') ?? [])
        if (!semver.valid(version) || semver.satisfies(version, vulnerable))
          complain(`"${version}" is no version outside of ${vulnerable}`, ['advisories', index, 'fixed'])
    })
    const known = new Set(advisories.flatMap(({ id, aliases = [] }) => [id, ...aliases]))
    accepted.forEach(({ advisories: ids }, index) => {
      for (const id of ids.filter((id) => !known.has(id)))
        complain(`${id} is not in the list`, ['accepted', index, 'advisories'])
    })
  })

export type Advisory = z.infer<typeof advisorySchema>
export type Acceptance = z.infer<typeof acceptanceSchema>
export type AdvisoryList = z.infer<typeof listSchema>

/** Throws an error that names each wrong entry. */
export function parseAdvisoryList(text: string): AdvisoryList {
  const parsed = listSchema.safeParse(JSON.parse(text))
  if (!parsed.success) throw new Error(`the list of advisories: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}
