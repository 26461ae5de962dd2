import type { Plans, SharedState, Steps, Tasks, Values } from '../../shared/ports/index.ts'
import type { Retention } from '../../shared/ports/retention.ts'
import { dynamodbSharedState } from '../adapters/dynamodb/state/shared-state.ts'
import { dynamodbSteps } from '../adapters/dynamodb/steps/steps.ts'
import { expiringTasks } from '../adapters/dynamodb/tasks/expiring-tasks.ts'
import { dynamodbPlans } from '../adapters/dynamodb/tasks/plans.ts'
import { dynamodbRetention } from '../adapters/dynamodb/tasks/retention.ts'
import { taskExpiry } from '../adapters/dynamodb/tasks/task-expiry.ts'
import { dynamodbTasks } from '../adapters/dynamodb/tasks/tasks.ts'
import { s3BlobStore } from '../adapters/s3/blob-store.ts'
import { s3ExpiringBlobs } from '../adapters/s3/removal/expiring-blobs.ts'
import { blobValues } from '../adapters/s3/values.ts'
import { bucket, tasksTable } from './clients.ts'
import { environment } from './environment.ts'
import { once } from './once.ts'
import { clock, ids } from './platform.ts'

/** The ports for tasks, their plans, steps, values and shared state. */
export const taskPorts = () => ({
  tasks: tasks(),
  plans: plans(),
  steps: steps(),
  values: values(),
  sharedState: sharedState(),
})

const tasks = (): Tasks =>
  once('tasks', () => {
    const { TASK_RETENTION_DAYS: days } = environment()
    if (days === undefined) return dynamodbTasks(tasksTable())
    const marks = s3ExpiringBlobs({ ...bucket(), now: clock.now })
    const expiry = taskExpiry({ ...tasksTable(), blobs: marks })
    return expiringTasks(dynamodbTasks({ ...tasksTable(), days }), { steps: steps(), expiry, days })
  })

const plans = (): Plans => once('plans', () => dynamodbPlans({ ...tasksTable(), values: values() }))

const steps = (): Steps => once('steps', () => dynamodbSteps(tasksTable()))

const sharedState = (): SharedState => once('sharedState', () => dynamodbSharedState(tasksTable()))

const values = (): Values =>
  once('values', () => blobValues({ blobs: s3BlobStore(bucket()), digest: ids().digest }))

export const retention = (): Retention =>
  once('retention', () => {
    const { TASK_RETENTION_DAYS: days, REGISTRY_TABLE: registry } = environment()
    const blobs = s3ExpiringBlobs({ ...bucket(), now: clock.now })
    return dynamodbRetention({ ...tasksTable(), registry, blobs, tasks: tasks(), steps: steps(), days })
  })
