import type { EndedTask, OpenTask } from '../../../shared/domain/task.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { planWith } from './plan-with.ts'

type Write = (ports: Ports, task: OpenTask, text: string) => Promise<unknown>

const AT = '2026-01-01T00:00:30.000Z'
const UNTIL = '2099-01-01T00:00:00.000Z'
const own = (task: OpenTask) => ({ taskId: task.id, path: 's', owner: 'o', fence: '0001' })
const inline = (text: string) => ({ inline: JSON.stringify(text) })
const attempt = (text: string) => ({
  agentId: 'a',
  startedAt: AT,
  endedAt: AT,
  error: { name: 'AgentFailedError', message: text },
})
const rating = (text: string) => ({ score: 1, by: text, at: AT, note: text })
const reservation = { holder: 'h', nanoUsd: 1, tokens: 1, until: 4_000_000_000 }
const file = (task: OpenTask, text: string) => ({
  id: `f_${'0'.repeat(26)}`,
  taskId: task.id,
  tenant: task.tenant,
  name: text,
  bytes: 1,
  contentType: 'text/plain',
  path: 's',
  attempt: 1,
  agentId: 'a',
  createdAt: AT,
  fence: '0001',
  owner: 'o',
})
const link = ({ id, tenant }: OpenTask, text: string) => ({
  id: `l_${'0'.repeat(26)}`,
  taskId: id,
  tenant,
  action: 'answer' as const,
  maker: { by: text, names: [text], identities: [] },
  createdAt: AT,
  expiresAt: UNTIL,
  digest: text,
})
const callback = ({ id, tenant }: OpenTask, text: string) => ({
  id: text,
  taskId: id,
  tenant,
  execution: 1,
  path: text,
  agentId: text,
  n: 1,
  digest: text,
  createdAt: AT,
})
const message = ({ id: taskId }: OpenTask, text: string) => ({
  id: `m_${text}`,
  type: 'event' as const,
  from: `caller:${text}`,
  to: 'step:s',
  taskId,
  correlationId: text,
  hops: 0,
  at: AT,
  body: inline(text),
})
const record = (task: OpenTask, text: string) => ({
  ...message(task, text),
  sequence: 1,
  status: 'sent' as const,
  tries: 0,
})
const transcript = (text: string) => ({
  id: '0001.0000.1.0000#0001',
  attempt: 1,
  agentId: 'a',
  startedAt: AT,
  durationMs: 1,
  model: 'default',
  modelId: 'm',
  finish: 'stop' as const,
  usage: { inputTokens: 1, outputTokens: 2, estimated: true as const },
  continues: false,
  request: inline(text),
  answer: inline(text),
})
export const endOf = (task: OpenTask, text: string): EndedTask => ({
  ...task,
  status: 'succeeded',
  endedAt: '2026-01-01T00:01:00.000Z',
  result: inline(text),
  degraded: [],
})

/** Longer than what an item holds inline. */
const long = (text: string): string => text.repeat(Math.ceil(20_000 / text.length))

/**
 * Every method of a port that writes something of a task to the table or the bucket, in the order of a task's life, with a call of it that leaves `text`
 * wherever a text may stand. That none is missing, a test finds by the grants (test/property/deletion.test.ts).
 */
export const WRITES_OF_TASK: Readonly<Record<string, Write>> = {
  'plans.createPlan': ({ plans }, { id, tenant }, text) =>
    plans.createPlan(planWith({ taskId: id, tenant, input: long(text) })),
  'budgets.create': ({ budgets }, { id }) => budgets.create(id, { usd: 1 }),
  'budgets.share': ({ budgets }, { id }) => budgets.share(id, { root: id, parent: id }),
  'tasks.createTask': ({ tasks }, task, text) => tasks.createTask({ ...task, metadata: { text } }),
  'tasks.beginTask': ({ tasks }, task, text) => tasks.beginTask({ ...task, metadata: { text } }),
  'tasks.setWaiting': ({ tasks }, task) => tasks.setWaiting(task, 'waiting'),
  'tasks.markWatched': ({ tasks }, { id }) => tasks.markWatched(id, UNTIL),
  'budgets.reserve': ({ budgets }, { id }) => budgets.reserve(id, 's', reservation),
  'budgets.enlarge': ({ budgets }, { id }) =>
    budgets.enlarge(id, 's', reservation, { nanoUsd: 1, tokens: 1 }),
  'budgets.shrink': ({ budgets }, { id }) =>
    budgets.shrink(id, 's', reservation, {
      less: { nanoUsd: 1, tokens: 1 },
      spent: { nanoUsd: 1, tokens: 1 },
    }),
  'budgets.settle': ({ budgets }, { id }) => budgets.settle(id, 's', reservation, { nanoUsd: 1, tokens: 1 }),
  'budgets.raise': ({ budgets }, { id }) =>
    budgets.raise(id, { nanoUsd: 1e9, tokens: 0 }, { nanoUsd: 2e9, tokens: 0 }),
  'budgets.close': ({ budgets }, { id }) => budgets.close(id),
  'budgets.reopen': ({ budgets }, { id }) => budgets.reopen(id),
  'steps.takeOverStep': ({ steps }, task, text) =>
    steps.takeOverStep(own(task), { startedAt: AT, begun: { input: inline(text) } }),
  'steps.setProgress': ({ steps }, task, note) => steps.setProgress(own(task), { fraction: 0.5, note }),
  'steps.setSaid': ({ steps }, task, text) => steps.setSaid(own(task), text),
  'steps.noteStep': ({ steps }, task, text) => steps.noteStep(own(task), { asked: inline(text) }),
  'steps.addAttempt': ({ steps }, task, text) => steps.addAttempt(own(task), attempt(text)),
  'steps.askApproval': ({ steps }, task, prompt) =>
    steps.askApproval(own(task), { prompt, choices: ['yes'], token: 't', expiresAt: UNTIL }),
  'steps.answerApproval': ({ steps }, { id }, by) =>
    steps.answerApproval(id, 's', { decision: 'yes', by, at: AT }),
  'steps.endStep': ({ steps }, task, text) =>
    steps.endStep(own(task), { status: 'succeeded', endedAt: AT, output: inline(text) }),
  'steps.rateStep': ({ steps }, { id }, text) => steps.rateStep(id, 's', rating(text)),
  'steps.reopenStep': ({ steps }, { id }) => steps.reopenStep(id, 's', { at: AT, before: '9' }),
  'steps.closeStep': ({ steps }, { id }) => steps.closeStep(id, 's', '9'),
  'steps.adoptStep': ({ steps }, { id }, text) =>
    steps.adoptStep(id, {
      path: 'other',
      status: 'succeeded',
      startedAt: AT,
      endedAt: AT,
      output: inline(text),
    }),
  'gates.passGate': ({ gates }, { id }, text) => gates.passGate(id, 'g', text),
  'outputs.keepOutput': ({ outputs, ids }, { id, tenant }, text) =>
    outputs.keepOutput(ids.digest(tenant), {
      output: inline(text),
      from: { taskId: id, path: 's' },
      madeAt: AT,
      until: UNTIL,
    }),
  'waits.addWait': ({ waits }, { id, tenant }) =>
    waits.addWait({ taskId: id, path: 's', tenant, execution: 1, kind: 'approval', since: AT, until: UNTIL }),
  'ledger.claim': ({ ledger }, task, text) => ledger.claim(own(task), text, AT),
  'ledger.complete': ({ ledger }, task, text) => ledger.complete(own(task), text, inline(text)),
  'turns.addTurn': ({ turns }, { id }, text) =>
    turns.addTurn({ taskId: id, path: 's', loop: 'l' }, 1, inline(text)),
  'sharedState.addSnapshot': ({ sharedState }, { id }, text) =>
    sharedState.addSnapshot(id, { id: text, at: AT, by: { subject: text }, revision: 1, versions: { k: 1 } }),
  'sharedState.beginWrite': ({ sharedState }, { id }, text) =>
    sharedState.beginWrite({ taskId: id, key: 'k', write: text }, 0),
  'sharedState.commitVersion': ({ sharedState }, { id }, text) =>
    sharedState.commitVersion(id, {
      key: 'k',
      version: 1,
      at: AT,
      by: { path: text, attempt: 1 },
      value: inline(text),
    }),
  'transcripts.addEntry': ({ transcripts }, { id }, text) =>
    transcripts.addEntry({ taskId: id, path: 's' }, transcript(text)),
  'callbacks.putCallback': ({ callbacks }, task, text) => callbacks.putCallback(callback(task, text), '0001'),
  'suspensions.hear': ({ suspensions }, { id }) => suspensions.hear({ runKey: id, path: 's' }, 1, AT),
  'suspensions.wake': ({ suspensions }, { id }, text) =>
    suspensions.wake(
      { runKey: id, path: 's' },
      { n: 1, by: { kind: 'callback', output: inline(text) }, cause: text, at: AT },
    ),
  'messages.storeMessage': ({ messages }, task, text) => messages.storeMessage(message(task, text)),
  'messages.beginTry': ({ messages }, task, text) => messages.beginTry(record(task, text)),
  'messages.settleMessage': ({ messages }, task, text) =>
    messages.settleMessage(record(task, text), {
      status: 'set_aside',
      settledAt: AT,
      error: { name: 'Error', message: text },
    }),
  'messages.parkMessage': ({ messages }, task, text) => messages.parkMessage(record(task, text)),
  'messages.takeMessage': ({ messages }, task, text) =>
    messages.takeMessage(record(task, text), { path: text, execution: 1, suspension: 0 }, AT),
  'messages.releaseMessage': ({ messages }, task, text) =>
    messages.releaseMessage(record(task, text), { path: text, execution: 1, suspension: 0 }),
  'messages.noteHeard': ({ messages }, task, text) => messages.noteHeard(record(task, text), 1),
  'messages.listen': ({ messages }, task, text) =>
    messages.listen(own(task), { token: text, filter: { match: text }, until: UNTIL }),
  'messages.hear': ({ messages }, { id }, text) => messages.hear(id, 's', { kind: 'message', id: text }),
  'taskFiles.countFile': ({ taskFiles }, { id }) => taskFiles.countFile(id, 10),
  'taskFiles.addFile': ({ taskFiles }, task, text) => taskFiles.addFile(file(task, text)),
  'taskFiles.takeFile': ({ taskFiles }, task, text) =>
    taskFiles.takeFile(file(task, text), { fence: '0002', owner: 'o' }),
  'files.write': ({ files }, { id, tenant }, text) =>
    files.write(`task-files/${tenant}/${id}/f_${'0'.repeat(26)}/${text}`, bytesOf(text), {
      contentType: 'text/plain',
      maxBytes: 1_000_000,
    }),
  'values.storeValue': ({ values }, { id }, text) => values.storeValue(id, long(text)),
  'links.addLink': ({ links }, task, text) => links.addLink(link(task, text)),
  'links.useLink': ({ links }, task, text) => links.useLink(link(task, text), { at: AT, digest: text }),
  'links.revokeLink': ({ links }, task, text) => links.revokeLink(link(task, text), AT),
  'retention.applyTo': ({ retention }, task, text) => retention.applyTo({ task: endOf(task, text) }),
  'tasks.endTask': ({ tasks }, task, text) => tasks.endTask(endOf(task, text)),
  'tasks.settleTask': ({ tasks }, task, text) => tasks.settleTask(endOf(task, text)),
  'tasks.reopenTask': ({ tasks }, task, text) =>
    tasks.reopenTask({ ...task, execution: 2, metadata: { text } }, 1),
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
