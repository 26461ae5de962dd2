import { type Action, type Grant, grantsOf } from '../../../shared/contracts/grants.ts'
import type { Executions } from '../../../shared/ports/index.ts'

const on = (kind: 'machines' | 'executions', action: Action): Grant => ({ actions: [action], on: { kind } })

export const executionsGrants = grantsOf<Executions>()({
  methods: {
    start: [on('machines', 'states:StartExecution')],
    find: [on('executions', 'states:DescribeExecution')],
    // IAM knows a task token by the machine that has made it.
    wake: [on('machines', 'states:SendTaskSuccess')],
    stop: [on('executions', 'states:StopExecution')],
  },
  modes: {
    start: ['start'],
    find: ['find'],
    wake: ['wake'],
    stop: ['stop'],
    /** A task whose turn has come starts; one that was ended meanwhile is stopped. */
    turns: { methods: ['start', 'stop'], when: 'tenantConcurrency' },
  },
})
