/**
 * Invariants (tests cite them):
 * steps/P1 the take-over is one conditional write: of two invocations, the one with the higher fence owns the step
 * steps/P2 a step that succeeded or was skipped is never taken over, but an approval that was reopened to be asked anew; one that failed only by a higher fence (a redrive)
 * steps/P3 every later write is conditional on still owning the step
 * steps/P4 the cache holds only what can never change: a record of a step that succeeded or was skipped (steps/P2), and is no approval, which may be asked anew. Its rating may change, and is
 *    told by fresh reads and lists
 * steps/P5 the input of a step is written with its record, and read only by who asks for it: no list of records has inputs in it. A record that has no room for its input is written without
 */
import { GetCommand, PutCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb'
import { boundedText } from '../../../../shared/domain/bounded.ts'
import { boundedApproval, boundedAttempt, boundedEnd } from '../../../../shared/domain/bounded-step.ts'
import { type StepRecord, StoredValueSchema } from '../../../../shared/domain/step.ts'
import type { Ownership, Steps } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { getAll } from '../get-all.ts'
import type { TaskTable } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import { listQuery } from './list-queries.ts'
import { stepItemKey as keyOf, stepIn } from './step-items.ts'
import { stepMemory } from './step-memory.ts'
import { takeOverStep } from './take-over-step.ts'

type Change = Pick<
  UpdateCommandInput,
  'UpdateExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>

const MOST_NOTE_CHARACTERS = 200
const REFUSED = ['ConditionalCheckFailedException']
/** The owner in the record of a step that was taken over from another task. */
const ADOPTED = 'adopted'
/** A fence greater than every real one. */
const LAST_FENCE = '~'

export function dynamodbSteps({ client, table }: TaskTable): Steps {
  const { remember, recall } = stepMemory()

  /** A write that is conditional on owning the step (steps/P3). Undefined when another invocation owns it. */
  async function updateOwned(
    { taskId, path, owner, fence }: Ownership,
    change: Change,
    /** A condition in addition to owning the step. */
    condition = '',
  ): Promise<StepRecord | undefined> {
    const update = new UpdateCommand({
      TableName: table,
      Key: keyOf(taskId, path),
      ...change,
      ConditionExpression: `#owner = :owner AND fence = :fence AND #status = :running${condition && ` AND ${condition}`}`,
      ExpressionAttributeNames: {
        '#owner': 'owner',
        '#status': 'status',
        ...change.ExpressionAttributeNames,
      },
      ExpressionAttributeValues: {
        ':owner': owner,
        ':fence': fence,
        ':running': 'running',
        ...change.ExpressionAttributeValues,
      },
      ReturnValues: 'ALL_NEW',
    })
    const updated = await unlessAws(REFUSED, () => client.send(update))
    return updated && remember(taskId, stepIn(updated.Attributes))
  }

  async function findStep(taskId: string, path: string): Promise<StepRecord | undefined> {
    const get = new GetCommand({ TableName: table, Key: keyOf(taskId, path), ConsistentRead: true })
    const { Item } = await callAws(() => client.send(get))
    return Item && stepIn(Item)
  }

  return {
    takeOverStep: takeOverStep({ client, table, findStep }),

    async endStep(own, end) {
      const fields = Object.entries(boundedEnd(end)).filter(([, value]) => value !== undefined)
      const ended = await updateOwned(own, {
        UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(', ')} REMOVE progress, said, judging`,
        ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
      })
      return ended !== undefined
    },

    async addAttempt(own, attempt, before = 0, { judged = false, uncounted } = {}) {
      const rest = uncounted ? ', uncounted = :uncounted' : ''
      const again = judged ? `, agentId = :agent, startedAt = :began${rest} REMOVE judging` : ''
      const { agentId, startedAt } = attempt
      const noted = await updateOwned(own, {
        UpdateExpression: `SET attempts = list_append(if_not_exists(attempts, :none), :attempt)${again}`,
        ExpressionAttributeValues: {
          ':attempt': [boundedAttempt(attempt, before)],
          ':none': [],
          ...(judged ? { ':agent': agentId, ':began': startedAt } : {}),
          ...(judged && uncounted ? { ':uncounted': uncounted } : {}),
        },
      })
      return noted !== undefined
    },

    async reopenStep(taskId, path, { at, before, undone, answered }) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(taskId, path),
        UpdateExpression: `SET #status = :failed, reopenedAt = :at, fence = :before${undone ? ', undone = :undone' : ''} REMOVE firstStartedAt, held, agentId, reboundBy, decision, capability, busySince, askAgainAt, approval, #error, endedAt, degraded, progress, said, judging, suspended${answered ? ', #output, reused, rating' : ''}`,
        ConditionExpression: `${answered ? '#status = :succeeded AND attribute_exists(approval)' : 'attribute_exists(pk) AND NOT #status IN (:succeeded, :skipped)'} AND (fence < :before OR fence = :last)`,
        ExpressionAttributeNames: {
          '#status': 'status',
          '#error': 'error',
          ...(answered ? { '#output': 'output' } : {}),
        },
        ExpressionAttributeValues: {
          ':failed': 'failed',
          ':at': at,
          ':before': before,
          ...(undone ? { ':undone': undone } : {}),
          ':last': LAST_FENCE,
          ':succeeded': 'succeeded',
          ...(answered ? {} : { ':skipped': 'skipped' }),
        },
      })
      await unlessAws(REFUSED, () => client.send(update))
    },

    async closeStep(taskId, path, before) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(taskId, path),
        UpdateExpression: 'SET fence = :last',
        ConditionExpression: '#status = :failed AND fence < :before',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':last': LAST_FENCE, ':failed': 'failed', ':before': before },
      })
      await unlessAws(REFUSED, () => client.send(update))
    },

    async adoptStep(taskId, step) {
      const put = new PutCommand({
        TableName: table,
        Item: {
          ...keyOf(taskId, step.path),
          attempts: [],
          ...boundedEnd(step),
          fence: LAST_FENCE,
          owner: ADOPTED,
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      })
      await unlessAws(REFUSED, () => client.send(put))
    },

    async setProgress(own, { fraction, note }) {
      const progress = { fraction, note: boundedText(note, MOST_NOTE_CHARACTERS) }
      await updateOwned(own, {
        UpdateExpression: 'SET progress = :progress',
        ExpressionAttributeValues: { ':progress': progress },
      })
    },

    async setSaid(own, text) {
      await updateOwned(own, {
        UpdateExpression: 'SET said = :said',
        ExpressionAttributeValues: { ':said': text },
      })
    },

    async askApproval(own, approval) {
      const change = {
        UpdateExpression: 'SET approval = :approval',
        ExpressionAttributeValues: { ':approval': boundedApproval(approval) },
      }
      const asked = await updateOwned(own, change, 'attribute_not_exists(approval.answer)')
      return asked !== undefined
    },

    async noteStep(own, note) {
      const set = Object.entries(note).filter(([, value]) => value !== undefined)
      const removed = 'held' in note && note.held === undefined ? ['held'] : []
      const clauses = [
        set.length > 0 ? `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}` : '',
        removed.length > 0 ? `REMOVE ${removed.map((name) => `#${name}`).join(', ')}` : '',
      ]
      const noted = await updateOwned(own, {
        UpdateExpression: clauses.join(' ').trim(),
        ExpressionAttributeNames: Object.fromEntries(
          [...set.map(([name]) => name), ...removed].map((name) => [`#${name}`, name]),
        ),
        ExpressionAttributeValues: Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
      })
      return noted !== undefined
    },

    async answerApproval(taskId, path, answer, expiresAt) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(taskId, path),
        UpdateExpression: 'SET approval.answer = :answer',
        ConditionExpression: `attribute_exists(approval) AND attribute_not_exists(approval.answer) AND #status = :running${expiresAt === undefined ? '' : ' AND approval.expiresAt = :expiresAt'}`,
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':answer': answer,
          ':running': 'running',
          ...(expiresAt === undefined ? {} : { ':expiresAt': expiresAt }),
        },
        ReturnValues: 'ALL_NEW',
      })
      const answered = await unlessAws(REFUSED, () => client.send(update))
      return answered && stepIn(answered.Attributes)
    },

    async rateStep(taskId, path, rating) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(taskId, path),
        UpdateExpression: 'SET rating = :rating',
        ConditionExpression: '#status = :succeeded',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':rating': rating, ':succeeded': 'succeeded' },
        ReturnValues: 'ALL_OLD',
      })
      const rated = await unlessAws(REFUSED, () => client.send(update))
      return rated && stepIn(rated.Attributes)
    },

    async findSteps(taskId, paths, { fresh = false } = {}): Promise<StepRecord[]> {
      const known = new Map(paths.map((path) => [path, fresh ? undefined : recall(taskId, path)]))
      const found = [...known.values()].filter((step) => step !== undefined)
      const keys = paths.filter((path) => !known.get(path)).map((path) => keyOf(taskId, path))
      const items = await getAll(client, table, keys, { consistent: true })
      return [...found, ...items.map((item) => remember(taskId, stepIn(item)))]
    },

    async listSteps(taskId, options = {}): Promise<StepRecord[]> {
      const items = await queryAll(client, { TableName: table, ...listQuery(taskId, options) })
      return items.map(stepIn)
    },

    async findInputs(taskId, paths) {
      const keys = paths.map((path) => keyOf(taskId, path))
      const items = await getAll(client, table, keys, { consistent: true, attributes: ['path', 'input'] })
      return new Map(
        items.flatMap(({ path, input }) =>
          input === undefined ? [] : [[String(path), StoredValueSchema.parse(input)] as const],
        ),
      )
    },
  }
}
