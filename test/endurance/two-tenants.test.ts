/** Two tenants with the same names of everything, side by side on the local cloud: neither meets anything of the other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROUTES } from '../../shared/contracts/routes.ts'
import { agentText } from '../support/cloud/hosted-agents.ts'
import { runCli } from '../support/cloud/run-cli.ts'
import { type Door, doorOf } from '../support/cloud/tenant-doors.ts'
import { startTokenCloud, type TokenCloud } from '../support/cloud/token-cloud.ts'

const TASKS = 200
/** So many more has one of them, so that counts over both would show. */
const MORE = 7
const AT_ONCE = 8

let api: TokenCloud
let doors: Door[]
const tasksOf = new Map<string, string[]>()
const mark = (tenant: string) => `mark-of-${tenant}`
const other = (tenant: string) => (tenant === 'acme' ? 'rival' : 'acme')

beforeAll(async () => {
  const text = agentText('mine', 'echo', 'input')
  const hosted = ['acme', 'rival'].map((tenant) => ({
    id: 'mine',
    tenant,
    text,
    stage: { statistics: 'own' as const },
  }))
  api = await startTokenCloud({}, { statistics: 'own' }, undefined, hosted)
  doors = await Promise.all(
    ['acme', 'rival'].map(async (tenant) => doorOf(tenant, api.apiUrl, await api.issuer.token({ tenant }))),
  )
  await Promise.all(doors.map(prepare))
}, 120_000)
afterAll(async () => {
  await Promise.all((doors ?? []).map(({ stop }) => stop()))
  await api.stop()
})

/** Agent, workflows and file, by the same names for each tenant. */
async function prepare({ tenant, ask }: Door): Promise<void> {
  const mine = api.hosted.find(({ functionArn }) => functionArn.includes(`-agent-${tenant}_`))
  if (!mine) throw new Error(`there is no agent of ${tenant}`)
  await ask('registerAgent', { ...mine, description: mark(tenant) })
  const inner = { name: 'inner', steps: { say: { agent: 'mine', input: { of: mark(tenant) } } } }
  await ask('putWorkflow', { name: 'inner', workflow: { ...inner, version: 1 } })
  const workflow = {
    name: 'report',
    version: 1,
    taskTypes: ['reporting'],
    description: mark(tenant),
    steps: {
      say: { agent: 'mine', input: mark(tenant) },
      same: { capability: 'echo', agent: 'echo', input: 'equal for all', cache: { ttlSeconds: 3_600 } },
      rows: { capability: 'data.transform', input: { source: '{% $input.source %}' } },
      child: { workflow: 'inner', input: {} },
      tell: { needs: ['child'], emit: { type: 'report.ready', data: mark(tenant) } },
    },
    output:
      '{% { "said": $steps.say, "same": $steps.same, "rows": $steps.rows.rows, "child": $steps.child } %}',
  }
  await ask('putWorkflow', { name: 'report', workflow })
}

async function upload({ tenant, ask }: Door): Promise<{ $file: string }> {
  const { files } = await ask('createFiles', { folder: 'corpus', files: [{ path: 'a.csv' }] })
  const [ticket] = files
  if (!ticket) throw new Error('there is no ticket')
  const form = new FormData()
  for (const [field, value] of Object.entries(ticket.upload.fields)) form.append(field, value)
  form.append('file', new Blob([`who\n${mark(tenant)}\n`]), 'a.csv')
  expect((await fetch(ticket.upload.url, { method: 'POST', body: form })).status).toBe(204)
  return ticket.file
}

async function inGroups<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE)
    await Promise.all(all.slice(from, from + AT_ONCE).map(work))
}

async function ended({ ask }: Door, id: string) {
  for (let pause = 20; ; pause = Math.min(500, pause * 1.3)) {
    const { status } = await ask('getTaskStatus', { id })
    if (!['queued', 'planning', 'running', 'waiting'].includes(status)) return status
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

async function work(door: Door): Promise<void> {
  const source = await upload(door)
  const numbers = Array.from({ length: TASKS + (door.tenant === 'acme' ? MORE : 0) }, (_, at) => at)
  const ids: string[] = []
  await inGroups(numbers, async (at) => {
    const { taskId } = await door.ask('submitTask', {
      ...(at % 2 === 0 ? { type: 'reporting' } : { workflow: 'report@1' }),
      input: { source },
      metadata: { mark: mark(door.tenant) },
      idempotencyKey: `task ${at}`,
    })
    ids.push(taskId)
    expect([taskId, await ended(door, taskId)]).toEqual([taskId, 'succeeded'])
    const { result } = await door.ask('getTaskResult', { id: taskId })
    const own = mark(door.tenant)
    expect(result).toMatchObject({ said: own, same: 'equal for all', rows: [{ who: own }] })
  })
  tasksOf.set(door.tenant, ids)
}

it('each gets its own of everything that both have called the same', async () => {
  await Promise.all(doors.map(work))
  expect(new Set([...tasksOf.values()].flat()).size).toBe(2 * TASKS + MORE)
})

/** Everything that a tenant is shown over all tasks and without tasks. */
const LISTS = [
  '/tasks',
  '/agents',
  '/agents/mine',
  '/agents/echo',
  '/workflows',
  '/workflows/report',
  '/approvals',
  '/models',
  '/health',
  '/keys',
  '/audit?limit=100',
  '/audit/anchors?limit=100',
]
const OF_TASK = Object.values(ROUTES)
  .filter(({ method, path }) => method === 'GET' && path.startsWith('/tasks/{id}'))
  .map(({ path }) => path)
const pathsOf = (id: string): string[] =>
  OF_TASK.map((path) =>
    path
      .replace('{id}', id)
      .replace('{stepId}', 'same')
      .replace('{fileId}', `f_${'0'.repeat(26)}`)
      .replace('{key}', 'findings'),
  )

describe.each(['acme', 'rival'])('%s', (tenant) => {
  const door = () => doors.find((one) => one.tenant === tenant) as Door
  const foreign = () => tasksOf.get(other(tenant)) ?? []
  const isClean = (text: string) =>
    !text.includes(mark(other(tenant))) &&
    !text.includes(`${other(tenant)}/`) &&
    !foreign().some((id) => text.includes(id))

  it('sees nothing of the other on any route', async () => {
    for (const path of LISTS) {
      const { text } = await door().get(path)
      expect([path, isClean(text)]).toEqual([path, true])
    }
    const seen: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await door().ask('listTasks', { limit: 100, ...(cursor ? { cursor } : {}) })
      seen.push(...page.tasks.filter(({ parent }) => parent === undefined).map(({ taskId }) => taskId))
      cursor = page.cursor
      if (cursor === undefined) break
    }
    expect(seen.sort()).toEqual([...(tasksOf.get(tenant) ?? [])].sort())
    await inGroups((tasksOf.get(tenant) ?? []).slice(0, 20), async (id) => {
      for (const path of pathsOf(id)) {
        const { text } = await door().get(path)
        expect([path, isClean(text)]).toEqual([path, true])
        // Its agent is shown by the id that it was given.
        expect([path, text.includes(`${tenant}/mine`)]).toEqual([path, false])
      }
    })
  })

  it("is told of the other's tasks that there are none", async () => {
    await inGroups(foreign(), async (id) => {
      expect((await door().get(`/tasks/${id}`)).status).toBe(404)
    })
    for (const id of foreign().slice(0, 10))
      for (const path of pathsOf(id)) expect([path, (await door().get(path)).status]).toEqual([path, 404])
  })

  it('has events that say its name', async () => {
    const [id = ''] = tasksOf.get(tenant) ?? []
    const { events } = await door().ask('listTaskEvents', { id, limit: 100 })
    expect(events.length).toBeGreaterThan(5)
    expect(new Set(events.map(({ data }) => data.tenant))).toEqual(new Set([tenant]))
  })

  it("reuses outputs of its own tasks only, and cannot read the other's file", async () => {
    const own = new Set(tasksOf.get(tenant))
    await inGroups([...own].slice(0, 50), async (id) => {
      const { reused } = await door().ask('getTaskStep', { id, stepId: 'same' })
      if (reused) expect([id, own.has(reused.taskId)]).toEqual([id, true])
    })
    const theirs = `files/@${other(tenant)}/corpus/a.csv`
    const ask = door().ask('submitTask', { type: 'reporting', input: { source: { $file: theirs } } })
    await expect(ask).rejects.toThrow(/has not been uploaded/)
    const sneaky = { a: { capability: 'data.transform', input: { source: { $file: `{% '${theirs}' %}` } } } }
    const { taskId } = await door().ask('submitTask', { workflow: { name: 'sneaky', steps: sneaky } })
    expect(await ended(door(), taskId)).toBe('failed')
    expect(isClean(JSON.stringify(await door().ask('getTask', { id: taskId })).replaceAll(theirs, ''))).toBe(
      true,
    )
  })

  it('counts its own calls, of its own agent and of those of the stage', async () => {
    const tasks = tasksOf.get(tenant)?.length ?? 0
    const { agents } = await door().ask('listAgents', {})
    const callsOf = (id: string, capability: string) =>
      agents.find((one) => one.id === id)?.health?.[capability]?.calls
    // Once by the task, and once by its child.
    expect(callsOf('mine', 'echo')).toBe(2 * tasks)
    expect(callsOf('data', 'data.transform')).toBeGreaterThanOrEqual(tasks)
    expect(callsOf('data', 'data.transform')).toBeLessThanOrEqual(tasks + 1)
  })

  it('is shown nothing of the other by the command line', async () => {
    const cli = (...args: string[]) => runCli(args, { ORCHESTRATOR_URL: door().url })
    const [id = ''] = tasksOf.get(tenant) ?? []
    const [theirs = ''] = foreign()
    for (const args of [
      ['list'],
      ['agents'],
      ['workflows'],
      ['approvals'],
      ['status', id],
      ['steps', id],
      ['explain', id, 'say'],
      ['events', id],
      ['result', id],
    ]) {
      const { code, stdout, stderr } = await cli(...args)
      expect([args, code, isClean(stdout + stderr)]).toEqual([args, 0, true])
    }
    expect(await cli('status', theirs)).toMatchObject({ code: expect.toSatisfy((code) => code !== 0) })
  })
})
