import { issue } from '../../domain/issue.ts'
import { addressOf, RIGHT_TOPIC, TOPIC } from '../../domain/message.ts'
import { shown } from '../../domain/shown.ts'
import { hasExpressions } from '../expressions.ts'
import { NUMBER, objectOf, STRING } from '../types/type.ts'
import type { KindOfStep } from './kind-of-step.ts'

const RIGHT_TO =
  'it must be step:<id> for a step that waits for a message, agent:<id>, or topic:<name>, or {% ... %}'

export const send: KindOfStep<'send'> = {
  word: 'message',
  title: 'A message',
  description:
    'It sends a message to a step that waits for one, to an agent of the task that handles some, or to all who want a topic. Its output is `{id, recipients}`.',
  evaluated: ['send.to', 'send.body', 'send.correlationId'],
  valuesOf: ({ send: { body } }) => ({ 'send.body': body }),
  typedIn: ({ send: { to, correlationId } }) => [
    { field: 'send.to', value: to, wanted: STRING, right: 'a recipient is text' },
    ...(correlationId === undefined
      ? []
      : [
          {
            field: 'send.correlationId',
            value: correlationId,
            wanted: STRING,
            right: 'correlationId is text',
          },
        ]),
  ],
  inputsOf: () => [],
  outputOf: () => objectOf({ id: STRING, recipients: NUMBER }),
  issuesOf({ send: { to } }, path) {
    if (hasExpressions(to)) return []
    const { kind, name = '' } = addressOf(to) ?? {}
    if (kind === 'topic' && !TOPIC.test(name))
      return [issue('invalid-value', `${path}.send.to`, `to is ${shown(to)}; ${RIGHT_TOPIC}`)]
    if (kind === 'step' || kind === 'agent' || kind === 'topic') return []
    return [issue('invalid-value', `${path}.send.to`, `to is ${shown(to)}; ${RIGHT_TO}`)]
  },
}
