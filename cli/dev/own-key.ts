import * as z from 'zod'
import type { LocalCloud } from '../../local/local-cloud.ts'
import { KeyViewSchema, NewKeyViewSchema } from '../../shared/contracts/key-requests.ts'
import { CliError, EXIT } from '../cli-error.ts'

const NAME = 'orchestrator dev --auth'
const PATH = '/api/v1/keys'
const ListSchema = z.object({ keys: z.array(KeyViewSchema) })
/** A start that was killed leaves its key; the next one removes it, and it ends by itself. */
const DAYS = 7
const DAY_MILLISECONDS = 86_400_000

/** A key with which everything may be done at a local cloud that asks for one, until it is removed; those of earlier starts go. */
async function makeOwnKey(cloud: LocalCloud): Promise<{ key: string; remove(): Promise<void> }> {
  const { body } = await cloud.askAsUser({ method: 'GET', path: PATH })
  const { keys } = ListSchema.parse(body)
  const remove = async (id: string): Promise<void> => {
    await cloud.askAsUser({ method: 'DELETE', path: `${PATH}/${id}` })
  }
  for (const { id } of keys.filter(({ name }) => name === NAME)) await remove(id)
  const expiresAt = new Date(Date.now() + DAYS * DAY_MILLISECONDS).toISOString()
  const made = await cloud.askAsUser({
    method: 'POST',
    path: PATH,
    body: { name: NAME, scopes: ['admin'], expiresAt },
  })
  const parsed = NewKeyViewSchema.safeParse(made.body)
  if (!parsed.success)
    throw new CliError(
      `the local cloud has made no key (${made.status}): ${JSON.stringify(made.body)}`,
      EXIT.unreachable,
    )
  const { id, key } = parsed.data
  return { key, remove: () => remove(id) }
}

/** Makes a key, shows it and uses it. Returns its removal. */
export async function beKnown(cloud: LocalCloud, say: (text: string) => void): Promise<() => Promise<void>> {
  const { key, remove } = await makeOwnKey(cloud)
  process.env.ORCHESTRATOR_KEY = key
  delete process.env.ORCHESTRATOR_TOKEN
  say(
    `the API asks for a token or a key; one that holds until this stops, ${DAYS} days at most:\n  export ORCHESTRATOR_KEY=${key}`,
  )
  return () => remove().catch(() => {})
}
