import { callApi } from '../api-client.ts'

/** Tasks that go on when the local cloud starts; at most 100 of each status. */
export async function countUnfinished(apiUrl: string): Promise<number> {
  const going = (['running', 'waiting'] as const).map((status) =>
    callApi('listTasks', { status, limit: 100 }, apiUrl),
  )
  return (await Promise.all(going)).reduce((sum, { tasks }) => sum + tasks.length, 0)
}
