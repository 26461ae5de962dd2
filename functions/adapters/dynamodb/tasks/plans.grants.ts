import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Plans } from '../../../../shared/ports/index.ts'
import { valuesGrants } from '../../s3/values.grants.ts'
import { onTasks } from '../table-actions.grants.ts'

const { storeValue, loadValue } = valuesGrants.methods

/** A plan is stored as a value, as an S3 object when it is large. */
export const plansGrants = grantsOf<Plans>()({
  methods: {
    createPlan: [onTasks.put(TASK_PARTITIONS.task), ...storeValue],
    getPlan: [onTasks.getOf(TASK_PARTITIONS.task), ...loadValue],
  },
  modes: { read: ['getPlan'], create: ['createPlan'] },
})
