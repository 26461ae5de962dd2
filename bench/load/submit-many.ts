import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn'
import type { LocalApi } from '../../test/support/cloud/local-api.ts'

const BOUND_MILLISECONDS = 300_000

type Load = {
  clients: number
  tasks: number /** Tasks that are run before anything is measured. */
  warmUp: number
}

/**
 * Each client submits tasks of the workflow "simple" one after another, every tenth request twice at once with one
 * Idempotency-Key; then waits for the end of all. Times are in milliseconds.
 */
export async function submitMany(api: LocalApi, { clients, tasks, warmUp }: Load) {
  // At most as many concurrent tasks as clients: further requests would only poll.
  for (let done = 0; done < warmUp; done += clients)
    await Promise.all(Array.from({ length: clients }, () => api.run('simple', {})))
  const before = await countExecutions(api)
  const took: number[] = []
  const accepted: string[] = []
  let next = 0
  const started = performance.now()
  const client = async (): Promise<void> => {
    for (let number = next++; number < tasks; number = next++) {
      const times = number % 10 === 0 ? 2 : 1
      const ids = await Promise.all(Array.from({ length: times }, () => submit(api, number, took)))
      accepted.push(...new Set(ids))
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const submittedMs = performance.now() - started
  const failed = await untilEnded(api, accepted)
  const executions = (await countExecutions(api)) - before
  took.sort((a, b) => a - b)
  const at = (share: number): number => Math.round(took[Math.floor(took.length * share)] ?? 0)
  return {
    clients,
    requests: took.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    perSecond: Math.round((1_000 * took.length) / submittedMs),
    tasksEndedMs: Math.round(performance.now() - started),
    lost: tasks - new Set(accepted).size,
    doubled: accepted.length - tasks + (executions - tasks),
    failed,
  }
}

async function submit(api: LocalApi, number: number, took: number[]): Promise<string> {
  const from = performance.now()
  const task = { type: 'simple', input: { number } }
  const { status, body } = await api.call('POST', '/tasks', task, { 'idempotency-key': `load-${number}` })
  took.push(performance.now() - from)
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`)
  return String(body.taskId)
}

/** The number of tasks that did not succeed. */
async function untilEnded(api: LocalApi, ids: readonly string[]): Promise<number> {
  const bound = performance.now() + BOUND_MILLISECONDS
  let failed = 0
  for (const id of ids) {
    for (;;) {
      const { status } = (await api.call('GET', `/tasks/${id}/status`)).body
      if (status === 'succeeded') break
      if (status !== 'running' || performance.now() > bound) {
        failed += 1
        break
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return failed
}

async function countExecutions(api: LocalApi): Promise<number> {
  const client = new SFNClient({
    endpoint: api.awsUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'me', secretAccessKey: 'me' },
  })
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:orchestrator-simple'
  let count = 0
  let nextToken: string | undefined
  do {
    const list = new ListExecutionsCommand({ stateMachineArn, maxResults: 1_000, nextToken })
    const page = await client.send(list)
    count += page.executions?.length ?? 0
    nextToken = page.nextToken
  } while (nextToken)
  client.destroy()
  return count
}
