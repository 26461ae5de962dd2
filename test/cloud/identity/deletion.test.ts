/** What a tenant has is exported, and deleted, on the local cloud: by the command line, and by the functions as they are deployed. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runCli } from '../../support/cloud/run-cli.ts'
import { type Door, doorOf } from '../../support/cloud/tenant-doors.ts'
import { startTokenCloud, type TokenCloud } from '../../support/cloud/token-cloud.ts'
import { everythingIn } from '../../support/stores/everything-in-cloud.ts'

const PLANTED = 'planted-personal-text'
const LONG = PLANTED.repeat(2_000)

let cloud: TokenCloud
let acme: Door
let rival: Door
const folder = mkdtempSync(join(tmpdir(), 'export-'))

beforeAll(async () => {
  cloud = await startTokenCloud()
  const made = await Promise.all(
    ['acme', 'rival'].map(async (tenant) =>
      doorOf(tenant, cloud.apiUrl, await cloud.issuer.token({ tenant, scope: 'admin' })),
    ),
  )
  ;[acme, rival] = made as [Door, Door]
}, 120_000)
afterAll(async () => {
  await Promise.all([acme?.stop(), rival?.stop()])
  await cloud?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const cli = (door: Door, ...args: string[]) => runCli(args, { ORCHESTRATOR_URL: door.url })

async function run(door: Door, text: string, file?: { $file: string }): Promise<string> {
  const workflow = {
    name: 'personal',
    version: 1,
    steps: {
      say: { agent: 'echo', capability: 'echo', input: { text: LONG }, cache: { ttlSeconds: 600 } },
      child: { workflow: 'inner', input: { text } },
      ...(file ? { rows: { capability: 'data.transform', input: { source: file } } } : {}),
    },
  }
  const { taskId } = await door.ask('submitTask', { workflow: workflow as never, input: { text } })
  for (;;) {
    const { status } = await door.ask('getTaskStatus', { id: taskId })
    if (!['queued', 'planning', 'running', 'waiting'].includes(status)) {
      expect([taskId, status]).toEqual([taskId, 'succeeded'])
      return taskId
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function upload(door: Door, path: string): Promise<{ $file: string }> {
  const { files } = await door.ask('createFiles', { folder: 'corpus', files: [{ path }] })
  const [ticket] = files
  if (!ticket) throw new Error('there is no ticket')
  const form = new FormData()
  for (const [field, value] of Object.entries(ticket.upload.fields)) form.append(field, value)
  form.append('file', new Blob([`who\n${PLANTED}\n`]), path)
  expect((await fetch(ticket.upload.url, { method: 'POST', body: form })).status).toBe(204)
  return ticket.file
}

/** Runs the function as its schedule does. */
async function erase(): Promise<void> {
  const path = '/2015-03-31/functions/orchestrator-erase/invocations'
  const outcome = await fetch(`${cloud.awsUrl}${path}`, { method: 'POST', body: '{}' })
  const text = await outcome.text()
  expect([outcome.headers.get('x-amz-function-error'), text]).toEqual([
    null,
    expect.stringContaining('"failed":[]'),
  ])
}

const everything = () => everythingIn(cloud.awsUrl, 'orchestrator-data-bucket83908e77')

describe('what a tenant has', () => {
  it('is exported with its digests, of this tenant alone, and a call that was cut off goes on', async () => {
    for (const door of [acme, rival]) {
      const inner = { name: 'inner', version: 1, steps: { say: { agent: 'echo', input: { text: PLANTED } } } }
      await door.ask('putWorkflow', { name: 'inner', workflow: inner as never })
      await door.ask('createKey', { name: PLANTED, scopes: ['tasks:read'] })
      await run(door, PLANTED, await upload(door, 'People.csv'))
    }
    const foreign = await cli(acme, 'export', '--tenant', 'rival', '--out', join(folder, 'rival'))
    expect(foreign).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no tenant rival') })
    const out = join(folder, 'acme')
    const { code, stdout, stderr } = await cli(acme, 'export', '--tenant', 'acme', '--out', out, '--json')
    expect([code, stderr]).toEqual([0, ''])
    const { counts } = JSON.parse(stdout) as { counts: Record<string, number> }
    expect(counts).toMatchObject({ tasks: 2, inputs: 2, results: 2, uploads: 1, workflows: 1, keys: 1 })
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))
    for (const { path, bytes, sha256 } of manifest.files) {
      const content = readFileSync(join(out, path))
      expect([path, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([
        path,
        bytes,
        sha256,
      ])
    }
    const all = manifest.files
      .map(({ path }: { path: string }) => readFileSync(join(out, path), 'utf8'))
      .join()
    expect(all).toContain(PLANTED)
    expect(all).not.toMatch(/orc_\w+_|rival/)
    const again = await cli(acme, 'export', '--tenant', 'acme', '--out', out)
    expect(again.stderr).toContain('an export that is whole')
  }, 60_000)

  it('is deleted task by task, with values, children and cache', async () => {
    const { tasks } = await acme.ask('listTasks', {})
    for (const { taskId } of tasks) {
      const { code, stdout } = await cli(acme, 'delete', taskId)
      expect([code, stdout]).toEqual([0, expect.stringContaining(`${taskId} is deleted`)])
      expect((await acme.get(`/tasks/${taskId}`)).status).toBe(404)
    }
    await erase()
    await erase()
    const left = (await everything()).filter(
      ({ text, place }) => text.includes(PLANTED) && !/rival/.test(`${place}${text}`),
    )
    // What acme has besides: its workflow, the key, the upload. No history has anything of an input or output.
    const places = left.map(({ place }) => place).filter((place) => !place.includes('tasks/t_'))
    expect(
      places.filter((place) => !/WORKFLOW#acme|APIKEY#|s3 files\/@acme|TASK#|CACHE#/.test(place)),
    ).toEqual([])
    const ofTasks = tasks.flatMap(({ taskId }) =>
      left.filter(({ place, text }) => `${place}${text}`.includes(taskId)),
    )
    expect(ofTasks).toEqual([])
  }, 60_000)

  it('is deleted as a whole, and its callers are refused', async () => {
    await run(acme, PLANTED)
    const unsure = await cli(acme, 'delete-tenant', 'acme')
    expect(unsure).toMatchObject({ code: 2, stderr: expect.stringContaining('say --confirm acme') })
    const begun = await cli(acme, 'delete-tenant', 'acme', '--confirm', 'acme')
    expect([begun.code, begun.stdout]).toEqual([0, expect.stringContaining('is being deleted since')])
    await erase()
    await erase()
    // Each worker of the API keeps what it has read for ten seconds.
    const refused = await vi.waitUntil(
      async () => {
        const answer = await acme.get('/tasks')
        return answer.status === 200 ? undefined : answer
      },
      { timeout: 20_000, interval: 500 },
    )
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('is being deleted')])
    const told = await cli(acme, 'delete-tenant', 'acme', '--status', '--json')
    expect(JSON.parse(told.stdout)).toMatchObject({ status: 'deleting', deletion: { tasks: 2 } })
    const left = (await everything()).filter(({ place, text }) => /acme/.test(`${place}${text}`))
    // Marks until the late pass, the deletion itself, and the audit.
    expect(
      left
        .filter(({ place }) => !/ (TASK#t_\w+ META|DELETION#|AUDIT#|NOTED#|CHAINS#|QUOTA#)/.test(place))
        .map(({ place }) => place),
    ).toEqual([])
    expect(left.filter(({ place, text }) => !/AUDIT#|NOTED#/.test(place) && text.includes(PLANTED))).toEqual(
      [],
    )
    // The other tenant has everything.
    expect((await rival.ask('listTasks', {})).tasks).toHaveLength(1)
    expect((await rival.ask('listUploads', {})).files).toHaveLength(1)
  }, 60_000)
})
