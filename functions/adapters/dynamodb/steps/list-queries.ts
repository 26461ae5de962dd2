import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import type { ListSteps } from '../../../../shared/ports/steps.ts'
import { stepKey, taskKey } from '../keys.ts'

/** What every record has. */
const NEEDED = ['path', 'status', 'fence', 'owner', 'startedAt']

/**
 * The query that reads these records. What is within a fan-out or a loop has keys that go on with a number, what is within an item or a round those
 * that go on with a step: a step whose name only begins alike is not read.
 */
export function listQuery(
  taskId: string,
  { within, status, fields }: ListSteps,
): Omit<QueryCommandInput, 'TableName'> {
  const prefix = within === undefined ? '' : `${within}${within.endsWith(']') ? '.' : '['}`
  const projected = fields && [...NEEDED, ...fields]
  const names = [...(projected ?? []), ...(status === undefined ? [] : ['status'])]
  return {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :steps)',
    ExpressionAttributeValues: {
      ':pk': taskKey(taskId),
      ':steps': stepKey(prefix),
      ...(status === undefined ? {} : { ':status': status }),
    },
    ...(status === undefined ? {} : { FilterExpression: '#status = :status' }),
    ...(projected ? { ProjectionExpression: projected.map((name) => `#${name}`).join(', ') } : {}),
    ...(names.length > 0
      ? { ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])) }
      : {}),
    ConsistentRead: true,
  }
}
