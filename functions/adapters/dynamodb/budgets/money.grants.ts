import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Money } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const { money } = TASK_PARTITIONS
const CHANGE = [onTasks.getOf(money), onTasks.update(money)]

export const moneyGrants = grantsOf<Money>()({
  methods: {
    create: [onTasks.put(money)],
    find: [onTasks.getOf(money)],
    reserve: CHANGE,
    settle: CHANGE,
    enlarge: CHANGE,
    shrink: CHANGE,
    raise: CHANGE,
  },
  modes: {
    read: { methods: ['find'], when: 'tenantMoney' },
    spend: {
      methods: ['create', 'find', 'reserve', 'settle', 'enlarge', 'shrink', 'raise'],
      when: 'tenantMoney',
    },
  },
})
