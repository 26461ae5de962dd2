import { type Action, type Grant, grantsOf } from '../../../shared/contracts/grants.ts'
import type { Executions } from '../../../shared/ports/index.ts'

const on = (kind: 'machines' | 'executions', action: Action): Grant => ({ actions: [action], on: { kind } })

export const executionsGrants = grantsOf<Executions>()({
  methods: {
    start: [on('machines', 'states:StartExecution')],
    find: [on('executions', 'states:DescribeExecution')],
    // IAM checks a task token by the state machine that issued it.
    wake: [on('machines', 'states:SendTaskSuccess')],
    beat: [on('machines', 'states:SendTaskHeartbeat')],
    stop: [on('executions', 'states:StopExecution')],
  },
  modes: {
    start: ['start'],
    find: ['find'],
    wake: ['wake'],
    beat: ['beat'],
    stop: ['stop'],
    /** Starts a task when its turn in the queue has come; stops it if it was cancelled meanwhile. */
    turns: { methods: ['start', 'stop'], when: 'tenantConcurrency' },
  },
})
