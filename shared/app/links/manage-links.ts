import type * as z from 'zod'
import { NAMELESS } from '../../contracts/approval-requests.ts'
import {
  type CreateLinkSchema,
  LINK_PATH,
  type LinkRefSchema,
  type LinkView,
  MOST_LINKS,
  type NewLinkView,
} from '../../contracts/link-requests.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { linkName, type StoredLink, stateOfLink } from '../../domain/link.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { type Decider, deciderOf, whyNot } from '../identity/decider.ts'
import { askedOf } from '../tasks/approve-step.ts'
import { getTask, type TaskRef } from '../views/get-task.ts'

type Needs = Pick<Ports, 'links' | 'tasks' | 'steps' | 'keys' | 'ids' | 'clock'> & {
  /** Whether the installation has a door that is open to links. */
  opensLinks: boolean
}
type Wanted = z.output<typeof CreateLinkSchema>

/**
 * Makes a link. Throws NotFoundError, InvalidInputError for a choice that the step does not have, ForbiddenError where the caller could not decide himself (link/L4), and ConflictError where the
 * task has too many links or there is no door for them.
 */
export const createLink =
  (ports: Needs) =>
  async (wanted: Wanted, caller: Caller): Promise<NewLinkView> => {
    const { links, ids, clock } = ports
    const task = await getTask(ports, wanted.id, caller)
    requireDoor(ports, caller)
    const decider = await deciderOf(ports, caller, NAMELESS)
    const now = clock.now()
    const until = new Date(now.getTime() + wanted.expiresInSeconds * 1_000).toISOString()
    const of =
      wanted.action === 'answer' ? await questionOf(ports, wanted, caller, decider) : ofResult(wanted)
    if ((await links.listLinks(task.id)).length >= MOST_LINKS) {
      const message = `task ${task.id} has ${MOST_LINKS} links, as many as a task may have`
      throw new OrchestratorError('ConflictError', message, { taskId: task.id })
    }
    const secret = ids.makeSecret()
    const link: StoredLink = {
      id: ids.makeId('l'),
      taskId: task.id,
      tenant: task.tenant,
      action: wanted.action,
      ...of,
      maker: makerOf(decider),
      createdAt: now.toISOString(),
      expiresAt: of.question !== undefined && of.question < until ? of.question : until,
      digest: ids.digest(secret),
    }
    await links.addLink(link)
    const path = `${LINK_PATH.replace('{link}', linkName(link))}?secret=${secret}`
    return { ...viewOf(link, now), path }
  }

export const listLinks =
  (ports: Pick<Needs, 'links' | 'tasks' | 'clock'>) =>
  async ({ id }: TaskRef, caller: Caller): Promise<{ links: LinkView[] }> => {
    const task = await getTask(ports, id, caller)
    const now = ports.clock.now()
    return { links: (await ports.links.listLinks(task.id)).map((link) => viewOf(link, now)) }
  }

/** Throws NotFoundError, and ConflictError for a link that was used. */
export const revokeLink =
  (ports: Pick<Needs, 'links' | 'tasks' | 'clock'>) =>
  async ({ id, linkId }: z.output<typeof LinkRefSchema>, caller: Caller): Promise<LinkView> => {
    const task = await getTask(ports, id, caller)
    const ref = { taskId: task.id, id: linkId }
    const now = ports.clock.now()
    const isRevoked = await ports.links.revokeLink(ref, now.toISOString())
    const link = await ports.links.findLink(ref)
    if (!link) throw new OrchestratorError('NotFoundError', `task ${id} has no link ${linkId}`)
    if (isRevoked) return viewOf(link, now)
    const message = `link ${linkId} was used at ${link.used?.at}: there is nothing to revoke`
    throw new OrchestratorError('ConflictError', message, { linkId })
  }

function requireDoor({ opensLinks }: Needs, { kind = 'local' }: Caller): void {
  if (opensLinks || kind === 'local') return
  const message =
    'no door of this installation is open to links: a stage with `identity` has one (TokenApiUrl); behind IAM alone nobody can come without an account'
  throw new OrchestratorError('ConflictError', message)
}

type Of = Pick<StoredLink, 'path' | 'question' | 'decision'>

async function questionOf(
  ports: Needs,
  { id, stepId, decision }: Wanted,
  { tenant }: Caller,
  decider: Decider,
): Promise<Of> {
  if (stepId === undefined)
    throw new OrchestratorError('InvalidInputError', 'stepId is missing: a link to answer names the step')
  const { task, record } = await askedOf(ports, { id, stepId }, tenant)
  const { approval, path } = record
  if (approval.answer) {
    const { decision: given, by, at } = approval.answer
    throw new OrchestratorError('ConflictError', `step "${path}" is answered: ${given} by ${by} at ${at}`)
  }
  if (decision !== undefined && !approval.choices.includes(decision)) {
    const message = `"${decision}" is no choice of step "${path}"${suggestNames(decision, approval.choices)}`
    throw new OrchestratorError('InvalidInputError', message)
  }
  const reason = await whyNot(ports, task, approval, decider)
  if (reason !== undefined)
    throw new OrchestratorError(
      'ForbiddenError',
      `who makes a link must be able to decide himself: ${reason}`,
    )
  return { path, question: approval.expiresAt, ...(decision === undefined ? {} : { decision }) }
}

function ofResult({ stepId, decision }: Wanted): Of {
  if (stepId === undefined && decision === undefined) return {}
  const message = 'a link to the result is of the whole task: leave out stepId and decision'
  throw new OrchestratorError('InvalidInputError', message)
}

const makerOf = ({ by, names, identities, vouched }: Decider): StoredLink['maker'] => ({
  by,
  names: [...names],
  identities: [...identities],
  ...withoutUndefined({ kind: vouched.kind, issuer: vouched.issuer }),
})

function viewOf(link: StoredLink, now: Date): LinkView {
  const { id, taskId, action, path, decision, maker, createdAt, expiresAt, used, revokedAt } = link
  return withoutUndefined({
    linkId: id,
    taskId,
    action,
    stepId: path,
    decision,
    status: stateOfLink(link, now),
    madeBy: maker.by,
    createdAt,
    expiresAt,
    usedAt: used?.at,
    revokedAt,
  })
}
