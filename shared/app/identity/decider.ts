import { type Approval, NOBODY } from '../../domain/approval.ts'
import { type Caller, namesOf, nameToKeep, scopeNamesOf } from '../../domain/caller.ts'
import { ANYBODY, type Identity, maybeSame, withIdentities } from '../../domain/identity.ts'
import type { Task } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import { identitiesOf } from '../keys/identities-of.ts'

/** Who decides, and by what a workflow may name him. */
export type Decider = {
  /** As it is written down. */
  by: string
  names: readonly string[]
  identities: readonly Identity[]
  /** What vouches for him; nothing where the laptop's own user says who it is. */
  vouched: { kind?: string; issuer?: string; madeBy?: string }
}

type Needs = Pick<Ports, 'tasks'>
type Rule = Pick<Approval, 'approvers' | 'notBy'>
type OfTask = Pick<Task, 'submittedBy' | 'parent' | 'tenant'>

/** The caller as one who decides (approval/O12). `said` counts only for the laptop's own user. */
export async function deciderOf(ports: Pick<Ports, 'keys'>, caller: Caller, said: string): Promise<Decider> {
  const { kind, issuer } = caller
  const scopes = scopeNamesOf(caller)
  if (kind === 'local') return { ...namedDecider(said), names: [said, ...scopes] }
  return {
    by: nameToKeep(caller, said),
    names: [...namesOf(caller), ...scopes],
    identities: await identitiesOf(ports, caller),
    vouched: { kind, ...(issuer === undefined ? {} : { issuer }) },
  }
}

/** A person known by name only, without scopes or credentials. */
export const namedDecider = (name: string): Decider => ({
  by: name,
  names: [name],
  identities: [{ subject: name, kind: 'local' }],
  vouched: {},
})

/** Why somebody may not decide a question; undefined where he may. Lists and answers ask this alone (approval/O14). */
export async function whyNot(
  ports: Needs,
  task: OfTask,
  { approvers, notBy }: Rule,
  { by, names, identities }: Decider,
): Promise<string | undefined> {
  if (by === NOBODY || (approvers && !names.some((name) => approvers.includes(name))))
    return `"${by}" is not among those who may decide${approvers ? `: ${approvers.join(', ')}` : ''}`
  if (notBy === undefined) return undefined
  const submitters = await submittersOf(ports, task)
  const isOne = submitters.some((one) => identities.some((own) => maybeSame(own, one) || isCalled(one, own)))
  if (!isOne) return undefined
  return submitters.some(({ kind }) => kind === 'unknown')
    ? `nobody can decide it: the step says notBy: ${notBy}, and it is not known who has submitted or retried this task. Submit it anew`
    : `"${by}" has submitted or retried this task, or has made the key by which that was done, or the same person has made both keys; the step says notBy: ${notBy}`
}

/** Whether the laptop's own user answers for somebody by one of his names. */
function isCalled({ kind, ...one }: Identity, own: Identity): boolean {
  if (own.kind !== 'local' || kind === 'unknown') return false
  return own.subject === one.subject || namesOf({ ...one, kind }).includes(own.subject)
}

/** Those of a task, and of the tasks that run it as a child: who has retried one of these has begun it, too (approval/O13). One that is gone may have been anybody's (identity/I2). */
async function submittersOf({ tasks }: Needs, { submittedBy, parent, tenant }: OfTask): Promise<Identity[]> {
  const own = withIdentities(submittedBy, [])
  if (!parent) return own
  const above = await tasks.findTask(parent.taskId)
  if (above?.tenant !== tenant) return withIdentities(own, [ANYBODY])
  return withIdentities(own, await submittersOf({ tasks }, above))
}
