import { EVENT_TYPE, RIGHT_EVENT_TYPE } from '../../domain/event.ts'
import { issue } from '../../domain/issue.ts'
import { shown } from '../../domain/shown.ts'
import { hasExpressions } from '../expressions.ts'
import { STRING } from '../types/type.ts'
import type { KindOfStep } from './kind-of-step.ts'

export const emit: KindOfStep<'emit'> = {
  word: 'event',
  title: 'An event',
  description: 'It publishes an event on the bus.',
  evaluated: ['emit.type', 'emit.data'],
  valuesOf: ({ emit: { data } }) => ({ 'emit.data': data }),
  typedIn: ({ emit: { type } }) => [
    { field: 'emit.type', value: type, wanted: STRING, right: 'the type of an event is text' },
  ],
  inputsOf: () => [],
  outputOf: ({ emit: { data } }, typing) => typing.typeOf(data ?? null),
  issuesOf({ emit: { type } }, path) {
    if (hasExpressions(type) || EVENT_TYPE.test(type)) return []
    return [issue('invalid-value', `${path}.emit.type`, `type is ${shown(type)}; ${RIGHT_EVENT_TYPE}`)]
  },
}
