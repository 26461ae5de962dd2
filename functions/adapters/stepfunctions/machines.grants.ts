import { type Action, grantsOf } from '../../../shared/contracts/grants.ts'
import type { Machines } from '../../../shared/ports/index.ts'

const on = (kind: 'machines' | 'executions' | 'machine-role', ...actions: Action[]) => ({
  actions,
  on: { kind },
})

/** `removeBusy` is `remove` with `evenBusy`, as a mode of its own, because few functions may do that. */
type Granted = Machines & { removeBusy: Machines['remove'] }

const remove = on('machines', 'states:ListExecutions', 'states:DeleteStateMachine')

export const machinesGrants = grantsOf<Granted>()({
  methods: {
    arnOf: [],
    ensure: [
      on('machines', 'states:DescribeStateMachine', 'states:CreateStateMachine', 'states:TagResource'),
      on('machine-role', 'iam:PassRole'),
    ],
    publish: [
      on(
        'machines',
        'states:DescribeStateMachine',
        'states:PublishStateMachineVersion',
        'states:DeleteStateMachineVersion',
      ),
    ],
    remove: [remove],
    removeBusy: [remove, on('executions', 'states:StopExecution')],
  },
  modes: {
    ensure: ['arnOf', 'ensure'],
    publish: ['publish'],
    remove: ['remove'],
    'remove-busy': ['removeBusy'],
  },
})
