import { createInterface } from 'node:readline'
import { startCli } from './start-cli.ts'

export type DevEvent = { event: string; [field: string]: unknown }

const OPEN = ['queued', 'planning', 'running', 'waiting']
const BOUND_MILLISECONDS = 50_000
/** Includes the synthesis. */
const START_MILLISECONDS = 240_000

/** `orchestrator dev` for the project in a folder, with in-memory storage and JSON output. */
export async function startDev(root: string, args: readonly string[] = []) {
  const { child, outcome } = startCli(['dev', '--port', '0', '--json', ...args], {}, root)
  const told: DevEvent[] = []
  const waiting = new Set<() => void>()
  if (!child.stdout) throw new Error('it has no stdout')
  createInterface(child.stdout).on('line', (line) => {
    told.push(JSON.parse(line) as DevEvent)
    for (const wake of waiting) wake()
  })
  let seen = 0
  /** The next event of this kind after the last returned one; events of other kinds are skipped. */
  const next = async (kind: string, milliseconds = BOUND_MILLISECONDS): Promise<DevEvent> => {
    const ended = outcome.then((how): never => {
      throw new Error(`it ended: ${JSON.stringify(how)}`)
    })
    for (;;) {
      const at = told.findIndex(({ event }, index) => index >= seen && event === kind)
      if (at >= 0) {
        seen = at + 1
        return told[at] as DevEvent
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.add(resolve)
      const bound = AbortSignal.timeout(milliseconds)
      const late = new Promise<never>((_, reject) =>
        bound.addEventListener('abort', () =>
          reject(new Error(`no "${kind}" among ${JSON.stringify(told)}`)),
        ),
      )
      await Promise.race([promise, ended, late])
      waiting.delete(resolve)
    }
  }
  const { apiUrl, awsUrl } = await next('ready', START_MILLISECONDS)
  const url = `${apiUrl}/api/v1`

  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const submit = async (type: string, input: unknown): Promise<string> => {
    const { status, body } = await call('POST', '/tasks', { type, input })
    if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`)
    return String(body.taskId)
  }
  /** Waits until a step has a status. */
  const untilStep = async (taskId: string, stepId: string, status: string): Promise<void> => {
    for (const until = Date.now() + BOUND_MILLISECONDS; Date.now() < until; ) {
      const { body } = await call('GET', `/tasks/${taskId}`)
      const steps = body.steps as { stepId: string; status: string }[]
      if (steps.some((step) => step.stepId === stepId && step.status === status)) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`step ${stepId} of ${taskId} did not get ${status}`)
  }
  /** The result of a task that must succeed. */
  const resultOf = async (taskId: string): Promise<unknown> => {
    for (const until = Date.now() + BOUND_MILLISECONDS; Date.now() < until; ) {
      const { body } = await call('GET', `/tasks/${taskId}`)
      if (!OPEN.includes(String(body.status))) break
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const { status, body } = await call('GET', `/tasks/${taskId}/result`)
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
    return body.result
  }
  const { promise: exited, resolve: exit } = Promise.withResolvers<void>()
  child.once('exit', () => exit())
  return {
    told,
    awsUrl: String(awsUrl),
    pid: child.pid ?? 0,
    exited,
    /** Ends the process itself by SIGKILL, and none of those that it has started. */
    kill: () => {
      child.kill('SIGKILL')
      return exited
    },
    next,
    call,
    submit,
    untilStep,
    resultOf,
    run: async (type: string, input: unknown) => resultOf(await submit(type, input)),
    stop: async () => {
      child.kill('SIGINT')
      return outcome
    },
  }
}
