import { expect, it } from 'vitest'
import { recipientsOf } from '../../../shared/app/messages/recipients.ts'

const plan = {
  taskId: 't_1',
  workflow: { steps: { hear: { wait: { message: {} as const, timeoutSeconds: 60 } } } },
  bindings: {},
}

it.each(['[1]hear', 'he[3]ar', 'hear[1][2]', '[1].hear', 'hear[99999999999999999999]', 'hear.'])(
  'a message to %s, which has the place of a step and is the path of none, is refused (messages/R1)',
  (to) => {
    expect(() => recipientsOf(plan as never, to)).toThrow(/nobody waits for messages/)
    expect(recipientsOf(plan as never, 'hear[7]')).toEqual(['step:hear[7]'])
  },
)
