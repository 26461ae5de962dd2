import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { dynamodbTranscripts } from '../../functions/adapters/dynamodb/conversations/transcripts.ts'
import { dynamodbTurns } from '../../functions/adapters/dynamodb/conversations/turns.ts'
import { dynamodbTaskFiles } from '../../functions/adapters/dynamodb/files/task-files.ts'
import { dynamodbLinks } from '../../functions/adapters/dynamodb/identity/links.ts'
import { dynamodbMessages } from '../../functions/adapters/dynamodb/messages/messages.ts'
import { dynamodbGates } from '../../functions/adapters/dynamodb/steps/gates.ts'
import { dynamodbOutputs } from '../../functions/adapters/dynamodb/steps/outputs.ts'
import { dynamodbSteps } from '../../functions/adapters/dynamodb/steps/steps.ts'
import { dynamodbWaits } from '../../functions/adapters/dynamodb/steps/waits.ts'
import { dynamodbCallbacks } from '../../functions/adapters/dynamodb/suspending/callbacks.ts'
import { dynamodbSuspensions } from '../../functions/adapters/dynamodb/suspending/suspensions.ts'
import { dynamodbPlans } from '../../functions/adapters/dynamodb/tasks/plans.ts'
import { dynamodbTasks } from '../../functions/adapters/dynamodb/tasks/tasks.ts'
import { blobValues } from '../../functions/adapters/s3/values.ts'
import type { BlobStore, Ports } from '../../shared/ports/index.ts'

export type TaskPorts = Pick<
  Ports,
  | 'tasks'
  | 'plans'
  | 'steps'
  | 'gates'
  | 'suspensions'
  | 'callbacks'
  | 'outputs'
  | 'values'
  | 'waits'
  | 'messages'
  | 'links'
  | 'turns'
  | 'transcripts'
  | 'taskFiles'
>

/** The ports of tasks, over one table and one blob store; `days` is the retention of ended tasks. */
export function taskPorts(settings: {
  client: DynamoDBDocumentClient
  table: string
  blobs: BlobStore
  digest: (text: string) => string
  days?: number
}): TaskPorts {
  const values = blobValues(settings)
  return {
    values,
    tasks: dynamodbTasks(settings),
    plans: dynamodbPlans({ ...settings, values }),
    steps: dynamodbSteps(settings),
    gates: dynamodbGates(settings),
    suspensions: dynamodbSuspensions(settings),
    callbacks: dynamodbCallbacks(settings),
    outputs: dynamodbOutputs(settings),
    waits: dynamodbWaits(settings),
    messages: dynamodbMessages(settings),
    links: dynamodbLinks(settings),
    turns: dynamodbTurns(settings),
    transcripts: dynamodbTranscripts(settings),
    taskFiles: dynamodbTaskFiles(settings),
  }
}
