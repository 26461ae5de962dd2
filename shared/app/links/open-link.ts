import type { ApprovalView } from '../../contracts/approval-views.ts'
import type { UseLink } from '../../contracts/link-requests.ts'
import { sameDigest } from '../../domain/api-key.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import { linkName, partsOfLink, type StoredLink, stateOfLink } from '../../domain/link.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { isUnderWay } from '../../ports/tenants.ts'
import type { Decider } from '../identity/decider.ts'
import { askedOf, prepareAnswer } from '../tasks/approve-step.ts'
import { showTaskResult } from '../views/read-tasks.ts'

type Needs = Pick<
  Ports,
  | 'links'
  | 'tasks'
  | 'steps'
  | 'plans'
  | 'values'
  | 'files'
  | 'executions'
  | 'keys'
  | 'tenants'
  | 'clock'
  | 'ids'
>

/** What the holder of a link is shown before he does anything. */
export type OfferedByLink = {
  action: StoredLink['action']
  taskId: string
  expiresAt: string
  madeBy: string
  stepId?: string
  prompt?: string
  value?: Json
  editable?: boolean
  choices?: string[]
  digest?: string
}

/** What a link has done: the answer that is kept, or the result. */
export type DoneByLink = { answer: ApprovalView } | { result: Json }

/** The link behind its name and its secret (link/L1). Throws NotFoundError, the same for every reason. */
export async function findLink(
  { links, ids }: Pick<Needs, 'links' | 'ids'>,
  name: string,
  secret: string,
): Promise<StoredLink> {
  const parts = partsOfLink(name)
  const digest = ids.digest(secret)
  const link = parts && (await links.findLink(parts))
  if (link && sameDigest(link.digest, digest)) return link
  throw new OrchestratorError('NotFoundError', 'there is no such link: it must be opened as it was given')
}

/** What a link offers; changes nothing (link/L3). Throws ConflictError for one that can do nothing any more. */
export async function lookAtLink(ports: Needs, link: StoredLink): Promise<OfferedByLink> {
  requireOpen(ports, link)
  await requireMaker(ports, link)
  const { action, taskId, expiresAt, maker } = link
  const offered = { action, taskId, expiresAt, madeBy: maker.by }
  if (action === 'result') {
    await showTaskResult(ports)({ id: taskId }, holderOf(link))
    return offered
  }
  const { record } = await askedOf(ports, stepOf(link), link.tenant)
  const { prompt, choices, value, editable, digest, answer, expiresAt: question } = record.approval
  if (question !== link.question) throw gone('the step asks another question by now')
  if (answer) throw gone(`the step was answered at ${answer.at}`)
  return withoutUndefined({
    ...offered,
    stepId: record.path,
    prompt,
    value: value && (await ports.values.loadValue(value)),
    editable,
    choices: link.decision === undefined ? choices : [link.decision],
    digest,
  })
}

/**
 * Does what a link is for, once (link/L2). `requireShown` throws where a result cannot be shown: the link is not used then (link/L6). Throws
 * InvalidInputError, ForbiddenError, ConflictError.
 */
export async function useLink(
  ports: Needs,
  link: StoredLink,
  { decision, comment, value }: Omit<UseLink, 'secret'>,
  requireShown: (result: DoneByLink) => void = () => {},
): Promise<DoneByLink> {
  const { ids } = ports
  await requireMaker(ports, link)
  if (link.action === 'result') {
    requireOpen(ports, link)
    const { result } = await showTaskResult(ports)({ id: link.taskId }, holderOf(link))
    requireShown({ result })
    await claim(ports, link, ids.makeSecret())
    return { result }
  }
  const chosen = link.decision ?? decision
  if (chosen === undefined) throw new OrchestratorError('InvalidInputError', 'decision is missing')
  if (decision !== undefined && decision !== chosen)
    throw new OrchestratorError('InvalidInputError', `decision: this link can only say "${chosen}"`)
  const digest = ids.digest(canonicalJson([chosen, comment ?? null, value ?? null]))
  // A repeat of the same use is answered as the first: its answer may have been lost on the way.
  if (link.used?.digest !== digest) requireOpen(ports, link)
  const request = { ...stepOf(link), decision: chosen, comment, value, expiresAt: link.question }
  const { give } = await prepareAnswer(ports, request, link.tenant, deciderBy(link))
  await claim(ports, link, digest)
  return { answer: await give() }
}

const stepOf = ({ taskId, path = '' }: StoredLink) => ({ id: taskId, stepId: path })

const holderOf = ({ tenant, id }: StoredLink): Caller => ({ tenant, subject: id, kind: 'link', scopes: [] })

/** Who has made the link decides, by it (link/L4). */
const deciderBy = ({ id, maker }: StoredLink): Decider => ({
  by: `link/${id}`,
  names: maker.names,
  identities: maker.identities,
  vouched: { kind: 'link', madeBy: maker.by },
})

/** The link of a key that was revoked, or has expired, does nothing any more, nor does one of a tenant that is being deleted (tenant-deletion/E3). */
async function requireMaker(
  { keys, tenants, clock }: Pick<Needs, 'keys' | 'tenants' | 'clock'>,
  { maker, tenant }: StoredLink,
): Promise<void> {
  if (isUnderWay(await tenants.findDeletion(tenant))) throw gone('what it belongs to is being deleted')
  if (maker.kind !== 'key') return
  const own = maker.identities.find(({ kind }) => kind === 'key')
  const key = own && (await keys.findKey(own.subject))
  if (key?.tenant === tenant && Date.parse(key.expiresAt) > clock.now().getTime()) return
  throw gone('the key that has made it is valid no more')
}

async function claim({ links, clock }: Needs, link: StoredLink, digest: string): Promise<void> {
  if (await links.useLink(link, { at: clock.now().toISOString(), digest })) return
  const now = await links.findLink(link)
  throw gone(now ? reasonOf(now, clock.now()) : 'it was removed')
}

function requireOpen({ clock }: Pick<Needs, 'clock'>, link: StoredLink): void {
  if (stateOfLink(link, clock.now()) !== 'open') throw gone(reasonOf(link, clock.now()))
}

function reasonOf(link: StoredLink, now: Date): string {
  const state = stateOfLink(link, now)
  if (state === 'used') return `it was used at ${link.used?.at}, and does one thing once`
  return state === 'revoked' ? 'it was revoked' : `it has expired at ${link.expiresAt}`
}

const gone = (why: string): OrchestratorError =>
  new OrchestratorError('ConflictError', `this link can do nothing any more: ${why}`)

/** How the audit names who uses a link. */
export const userOfLink = (link: StoredLink) => ({
  tenant: link.tenant,
  subject: `link/${link.id} made by ${link.maker.by}`.slice(0, 500),
  resource: `links/${linkName(link)}`,
})
