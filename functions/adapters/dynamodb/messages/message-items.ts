import { type MessageRecord, MessageRecordSchema } from '../../../../shared/domain/message.ts'
import { withoutUndefined } from '../../../../shared/domain/without-undefined.ts'
import { messageKey, shardOf, taskKey, unrungKey } from '../keys.ts'

/** A new message as it is stored: in the index as well, until somebody has it. */
export const messageItem = (message: MessageRecord) => ({
  ...messageKeyOf(message),
  ...withoutUndefined(message),
  ...inIndexOf(message),
})

/** Its place among those with which something is to be done. */
export const inIndexOf = ({ taskId, id, at }: Pick<MessageRecord, 'taskId' | 'id' | 'at'>) => ({
  openKey: unrungKey(shardOf(taskId)),
  createdKey: `${at}#${taskId}#${id}`,
})

export const messageIn = (item: Record<string, unknown>): MessageRecord => MessageRecordSchema.parse(item)

export const messageKeyOf = ({
  taskId,
  to,
  from,
  sequence,
}: Pick<MessageRecord, 'taskId' | 'to' | 'from' | 'sequence'>) => ({
  pk: taskKey(taskId),
  sk: messageKey(to, from, sequence),
})
