import { type Issue, issue } from '../../domain/issue.ts'
import { MESSAGE_TYPES, RIGHT_TOPIC, TOPIC } from '../../domain/message.ts'
import { shown } from '../../domain/shown.ts'
import { parseTime, RIGHT_TIME } from '../../domain/times.ts'
import { expressionIn, hasExpressions } from '../expressions.ts'
import type { StepOf } from '../schema.ts'
import { ANY, BOOLEAN, NOTHING, NUMBER, objectOf, oneOf, STRING } from '../types/type.ts'
import type { KindOfStep, TypedField } from './kind-of-step.ts'

export const wait: KindOfStep<'wait'> = {
  word: 'wait',
  title: 'Waiting',
  description:
    'It waits for a time, or for a message (`orchestrator send`, the API, a step, an agent), without cost. The output of one that waits for a message is `{timedOut, id, type, from, at, correlationId, body}`.',
  evaluated: [
    'wait.seconds',
    'wait.until',
    'wait.message.from',
    'wait.message.correlationId',
    'wait.message.match',
  ],
  valuesOf: ({ wait: said }) =>
    'message' in said && said.message.match !== undefined ? { 'wait.message.match': said.message.match } : {},
  typedIn: ({ wait: said }) => {
    if ('message' in said) return typedInMessage(said.message)
    return 'until' in said
      ? [{ field: 'wait.until', value: said.until, wanted: STRING, right: 'a time is text' }]
      : [{ field: 'wait.seconds', value: said.seconds, wanted: NUMBER, right: 'seconds are a number' }]
  },
  inputsOf: () => [],
  outputOf: ({ wait: said }) => ('message' in said ? heard(said) : NOTHING),
  issuesOf: (step, path) => issuesOfWait(step.wait, `${path}.wait`),
}

type Wait = StepOf<'wait'>['wait']
type MessageWait = Extract<Wait, { message: unknown }>

const typedInMessage = (message: MessageWait['message']): TypedField[] =>
  (['from', 'correlationId'] as const).flatMap((field) =>
    message[field] === undefined
      ? []
      : [
          {
            field: `wait.message.${field}`,
            value: message[field],
            wanted: STRING,
            right: `${field} is text`,
          },
        ],
  )

const heard = ({ message, onTimeout }: MessageWait) => {
  const optional = onTimeout === 'continue'
  return objectOf({
    timedOut: BOOLEAN,
    id: { type: STRING, optional },
    type: { type: message.type === undefined ? oneOf(MESSAGE_TYPES) : oneOf([message.type]), optional },
    topic: { type: STRING, optional: true },
    from: { type: STRING, optional },
    at: { type: STRING, optional },
    correlationId: { type: STRING, optional },
    body: { type: ANY, optional },
  })
}

function issuesOfMessage({ message: { topic, from } }: MessageWait, path: string): Issue[] {
  const issues: Issue[] = []
  if (topic !== undefined && !TOPIC.test(topic))
    issues.push(issue('invalid-value', `${path}.message.topic`, `topic is ${shown(topic)}; ${RIGHT_TOPIC}`))
  if (from !== undefined && !hasExpressions(from) && !SENDER.test(from)) {
    const message = `from is ${shown(from)}; it must be step:<id>, agent:<id> or caller:<name>, or one of step, agent and caller, or {% ... %}`
    issues.push(issue('invalid-value', `${path}.message.from`, message))
  }
  return issues
}

const SENDER = /^(step|agent|caller)(:[\s\S]{1,300})?$/

function issuesOfWait(said: Wait, path: string): Issue[] {
  if ('message' in said) return issuesOfMessage(said, path)
  if ('until' in said) {
    if (hasExpressions(said.until) || parseTime(said.until) !== undefined) return []
    const message = `until is ${shown(said.until)}, which is no time; ${RIGHT_TIME}; or write {% ... %}`
    return [issue('invalid-value', `${path}.until`, message)]
  }
  const { seconds } = said
  if (expressionIn(seconds) !== undefined || (typeof seconds === 'number' && seconds >= 0)) return []
  const message = `seconds is ${shown(seconds)}; it must be a number of at least 0, or {% ... %}`
  return [issue('invalid-value', `${path}.seconds`, message)]
}
