import * as z from 'zod'
import { AllowedHostSchema } from '../shared/domain/allowed-host.ts'

const RIGHT_HOSTS = 'names of hosts, e.g. [api.example.com, "*.example.org"]; only in the file'
/** They travel in a variable of a function, which has 4 KB for all of them. */
const MOST_CHARACTERS = 2_000

export const AllowedHostsSchema = z
  .array(AllowedHostSchema, { error: RIGHT_HOSTS })
  .refine(
    (hosts) => JSON.stringify(hosts).length <= MOST_CHARACTERS,
    `all hosts together have at most ${MOST_CHARACTERS} characters; *.example.com is every name below example.com`,
  )

const RIGHT_SENDER = 'the address of the sender, e.g. bot@example.com'
const RIGHT_RECIPIENTS = 'addresses, or @example.com for all of a domain'
const RIGHT_EMAIL =
  'a sender and who may get mail, e.g. { from: bot@example.com, to: ["@example.com"] }; only in the file'

const DOMAIN = /^@(?:[a-z0-9-]+\.)+[a-z]{2,}$/i

export const EmailSchema = z.strictObject(
  {
    from: z.email({ error: RIGHT_SENDER }),
    to: z
      .array(z.string({ error: RIGHT_RECIPIENTS }).refine(isRecipient, RIGHT_RECIPIENTS), {
        error: RIGHT_RECIPIENTS,
      })
      .min(1, RIGHT_RECIPIENTS)
      .refine((to) => JSON.stringify(to).length <= MOST_CHARACTERS, `at most ${MOST_CHARACTERS} characters`),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? RIGHT_EMAIL : undefined) },
)

function isRecipient(text: string): boolean {
  return DOMAIN.test(text) || z.email().safeParse(text).success
}
