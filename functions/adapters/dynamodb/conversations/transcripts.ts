import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { TranscriptEntrySchema } from '../../../../shared/domain/transcript.ts'
import { withoutUndefined } from '../../../../shared/domain/without-undefined.ts'
import type { Transcripts } from '../../../../shared/ports/transcripts.ts'
import { callAws } from '../../aws-errors.ts'
import { type TaskTable, taskKey, transcriptKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'

/** One item for each call of a model, by its id, which sorts by time. */
export function dynamodbTranscripts({ client, table }: TaskTable): Transcripts {
  return {
    // An update, which agents may send anyway: a put would be one right more.
    async addEntry({ taskId, path }, entry) {
      const update = new UpdateCommand({
        TableName: table,
        Key: { pk: taskKey(taskId), sk: transcriptKey(path, entry.id) },
        UpdateExpression: 'SET entry = :entry',
        ExpressionAttributeValues: { ':entry': withoutUndefined(entry) },
      })
      await callAws(() => client.send(update))
    },

    async listEntries({ taskId, path }, { limit, cursor = '' }) {
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :after AND :end',
        ExpressionAttributeValues: {
          ':pk': taskKey(taskId),
          ':after': `${transcriptKey(path, cursor)}${cursor === '' ? '' : ' '}`,
          ':end': transcriptKey(path, '~'),
        },
        ConsistentRead: true,
        Limit: limit + 1,
      })
      const entries = items.slice(0, limit).map(({ entry }) => TranscriptEntrySchema.parse(entry))
      const last = entries.at(-1)
      return { entries, ...(items.length > limit && last ? { cursor: last.id } : {}) }
    },
  }
}
