import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Messages } from '../../../../shared/ports/index.ts'
import { onTasks, openTasks } from '../table-actions.grants.ts'

const { task } = TASK_PARTITIONS
const [GET, QUERY, PUT, UPDATE] = [
  onTasks.getOf(task),
  onTasks.queryOf(task),
  onTasks.put(task),
  onTasks.update(task),
]

export const messagesGrants = grantsOf<Messages>()({
  methods: {
    storeMessage: [GET, QUERY, PUT, UPDATE],
    findMessage: [GET],
    readMessage: [GET],
    listMessages: [QUERY],
    openMessages: [QUERY],
    takeMessage: [UPDATE],
    releaseMessage: [UPDATE],
    noteHeard: [UPDATE],
    parkMessage: [UPDATE],
    findBefore: [GET],
    beginTry: [UPDATE],
    settleMessage: [UPDATE],
    listUnrung: [openTasks],
    // After a refused write the item is read.
    listen: [UPDATE, GET],
    hear: [UPDATE, GET],
    findListeners: [QUERY],
  },
  modes: {
    send: ['storeMessage'],
    list: ['listMessages'],
    park: ['parkMessage'],
    give: ['findMessage', 'openMessages', 'takeMessage', 'releaseMessage', 'hear', 'findListeners'],
    wait: ['listen'],
    deliver: ['readMessage', 'findBefore', 'beginTry', 'settleMessage'],
    handle: ['readMessage', 'settleMessage'],
    resume: ['noteHeard'],
    sweep: ['listUnrung'],
  },
})
