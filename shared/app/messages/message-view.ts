import type { MessageView } from '../../contracts/message-views.ts'
import type { MessageRecord } from '../../domain/message.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'

/** A message with its body. */
export async function messageView(
  { values }: Pick<Ports, 'values'>,
  { body, takenFor: _for, heardIn: _in, ...message }: MessageRecord,
): Promise<MessageView> {
  return withoutUndefined({ ...message, body: await values.loadValue(body) })
}
