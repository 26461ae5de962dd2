/**
 * Callbacks by which an outside job answers a suspended step, without another credential.
 *
 * Invariants (tests cite them):
 * callback/C1 what is stored with a callback opens nothing: its secret has 256 random bits, and only its SHA-256 is kept with it. The step that has made it keeps the token, for its
 *    later attempts
 * callback/C2 a callback belongs to one suspension of one step in one execution, and answers it once, before the wait is over
 * callback/C3 the same answer, sent again, is answered as the first; another one is told what has happened
 * callback/C4 every attempt of a turn gets the same callback
 * callback/C5 it belongs to one agent: when another one has the step, it answers nothing, also where its answer has come before
 */
import * as z from 'zod'

export const StoredCallbackSchema = z.object({
  id: z.string(),
  taskId: z.string(),
  tenant: z.string(),
  execution: z.number().int(),
  path: z.string(),
  agentId: z.string().describe('Whom it was given to (callback/C5)'),
  n: z.number().int().describe('The suspension that it answers'),
  digest: z.string().describe('SHA-256 of the secret, in hexadecimal'),
  createdAt: z.string(),
})
export type StoredCallback = z.infer<typeof StoredCallbackSchema>

const ID_CHARACTERS = 26

/** The id of the callback of a suspension is made of what it is for, so that it is found without being stored elsewhere. */
export const callbackId = (
  digest: (text: string) => string,
  { path, n, agentId }: Pick<StoredCallback, 'path' | 'n' | 'agentId'>,
): string => digest([path, n, agentId].join('\n')).slice(0, ID_CHARACTERS)

/** Names the answer of a callback among the causes of a wake: with the agent, so that another one knows that it is none of its own (callback/C5). */
export const callbackCause = (agentId: string, digest: string): string => `${causesOf(agentId)}${digest}`

/** Whether a wake was brought by a callback of another agent. */
export const isOfAnotherAgent = (cause: string, agentId: string): boolean =>
  cause.startsWith(CAUSE) && !cause.startsWith(causesOf(agentId))

const CAUSE = 'callback '
const causesOf = (agentId: string): string => `${CAUSE}${agentId} `

/** What stands before the parts of a token: by it, tools that look for secrets find tokens. Nothing masks tokens in logs yet. */
export const CALLBACK_PREFIX = 'ocb_'

type Named = Pick<StoredCallback, 'taskId' | 'execution' | 'id'>

/** The token of a callback: the task, the execution, the id, the secret. */
export const callbackToken = ({ taskId, execution, id }: Named, secret: string): string =>
  `${CALLBACK_PREFIX}${taskId.slice(2)}-${execution}-${id}-${secret}`

const TOKEN = /^ocb_([0-9a-z]{26})-([1-9][0-9]{0,5})-([0-9a-f]{26})-([A-Za-z0-9_-]{43})$/

/** The inverse of {@link callbackToken}; undefined for what is no token. */
export function partsOfCallback(token: string): (Named & { secret: string }) | undefined {
  const [, task, execution, id, secret] = TOKEN.exec(token) ?? []
  if (task === undefined || id === undefined || secret === undefined) return undefined
  return { taskId: `t_${task}`, execution: Number(execution), id, secret }
}

/** More than any token has. */
export const MOST_TOKEN_CHARACTERS = 200
