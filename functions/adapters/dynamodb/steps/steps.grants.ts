import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Steps } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const { task } = TASK_PARTITIONS
const UPDATE = [onTasks.update(task)]

export const stepsGrants = grantsOf<Steps>()({
  methods: {
    // After a refused take-over the record is read, to see which invocation owns the step.
    takeOverStep: [...UPDATE, onTasks.getOf(task)],
    endStep: UPDATE,
    addAttempt: UPDATE,
    reopenStep: UPDATE,
    closeStep: UPDATE,
    adoptStep: [onTasks.put(task)],
    setProgress: UPDATE,
    setSaid: UPDATE,
    askApproval: UPDATE,
    noteStep: UPDATE,
    answerApproval: UPDATE,
    rateStep: UPDATE,
    findSteps: [onTasks.getAllOf(task)],
    listSteps: [onTasks.queryOf(task)],
    findInputs: [onTasks.getAllOf(task)],
  },
  modes: {
    find: ['findSteps'],
    list: ['listSteps'],
    inputs: ['findInputs'],
    run: ['takeOverStep', 'endStep', 'addAttempt', 'setProgress', 'setSaid', 'noteStep'],
    approve: ['askApproval', 'answerApproval'],
    rate: ['rateStep'],
    reopen: ['reopenStep', 'closeStep'],
    adopt: ['adoptStep'],
  },
})
