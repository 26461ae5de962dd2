/** Requests for links as the gateway hands them over, without a caller. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isForLink, linkHandler } from '../../../functions/api/link-handler.ts'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { createLink } from '../../../shared/app/links/manage-links.ts'
import { finishTask } from '../../../shared/app/tasks/finish-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { seedTask, seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

type Request = {
  method: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: string
  isBase64Encoded?: boolean
}
const PAGE = { accept: 'text/html' }
const JSON_BODY = { 'content-type': 'application/json' }
const FORM = { ...PAGE, 'content-type': 'application/x-www-form-urlencoded' }

async function ask(rawPath: string, { method, query, headers = {}, ...body }: Request) {
  const event: object = {
    rawPath,
    headers,
    queryStringParameters: query,
    requestContext: { http: { method, path: rawPath } },
    ...body,
  }
  const given = event as APIGatewayProxyEventV2
  expect(isForLink(given)).toBe(true)
  return linkHandler(stores.ports)(given).then(
    ({ statusCode, headers: told, body: text = '' }) => ({ status: statusCode, told, text }),
    ({ status, name, message }) => ({ status, told: undefined, text: `${name}: ${message}` }),
  )
}

let count = 0
async function madeLink() {
  const approval = { prompt: '<i>Go</i>?', value: { n: 1 }, edit: {}, timeoutSeconds: 3_600 }
  const taskId = await seedTask(stores.ports, { steps: { s: { approval } }, agents: [makeAgent()] })
  const fence = String(++count).padStart(6, '0')
  await controlStep(stores.ports)({
    ...{ taskId, execution: 1, fence, owner: fence, at: 'begin', path: 's', token: fence },
  })
  const wanted = { id: taskId, action: 'answer' as const, stepId: 's', expiresInSeconds: 60 }
  const { path } = await createLink({ ...stores.ports, opensLinks: true })(wanted, callerOf('default'))
  const [place = '', search] = path.split('?')
  return { taskId, place, secret: new URLSearchParams(search).get('secret') ?? '' }
}
const answered = async (taskId: string) =>
  (await stores.ports.steps.findSteps(taskId, ['s']))[0]?.approval?.answer

describe('a request for a link', () => {
  it('shows JSON or a page, and changes nothing (link/L3)', async () => {
    const { taskId, place, secret } = await madeLink()
    const shown = await ask(place, { method: 'GET', query: { secret } })
    expect(JSON.parse(shown.text)).toMatchObject({ prompt: '<i>Go</i>?', choices: ['approve', 'reject'] })
    const page = await ask(place, { method: 'GET', query: { secret }, headers: PAGE })
    expect(page).toMatchObject({ status: 200, told: { 'content-type': 'text/html; charset=utf-8' } })
    expect(page.text).toContain('&lt;i&gt;Go&lt;/i&gt;?')
    // link-page/H3
    const [, action = ''] = /<form method="post" action="([^"]*)"/.exec(page.text) ?? []
    for (const before of ['', '/ours/api'])
      expect(new URL(action, `https://x.example${before}${place}?secret=${secret}`).pathname).toBe(
        `${before}${place}`,
      )
    expect(await answered(taskId)).toBeUndefined()
  })

  it.each([false, true])('answers by the form of the page (as base64: %s)', async (isBase64Encoded) => {
    const { taskId, place, secret } = await madeLink()
    const text = new URLSearchParams({
      secret,
      decision: 'approve',
      comment: 'fine',
      value: '{"n":2}',
    }).toString()
    const body = isBase64Encoded ? Buffer.from(text).toString('base64') : text
    const done = await ask(place, { method: 'POST', headers: FORM, body, isBase64Encoded })
    expect([done.status, done.text]).toEqual([200, expect.stringContaining('Your answer is kept: approve')])
    expect(await answered(taskId)).toMatchObject({
      comment: 'fine',
      edited: { text: '{"n":2}' },
      kind: 'link',
    })
  })

  it('tells what is wrong with a form, and the way back to the question', async () => {
    const { taskId, place, secret } = await madeLink()
    const body = new URLSearchParams({ secret, decision: 'approve', value: '{"n":' }).toString()
    const refused = await ask(place, { method: 'POST', headers: FORM, body })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('Nothing was done')])
    const [, back = ''] = /<a href="([^"]*)"/.exec(refused.text) ?? []
    const { pathname, searchParams } = new URL(back, `https://x.example${place}`)
    const question = await ask(pathname, {
      method: 'GET',
      query: Object.fromEntries(searchParams),
      headers: PAGE,
    })
    expect(question).toMatchObject({ status: 200, text: expect.stringContaining('Your decision') })
    expect(await answered(taskId)).toBeUndefined()
  })

  it('is audited in the tenant of the link when it does something, and not before', async () => {
    const { place, secret } = await madeLink()
    const noted: object[] = []
    const { note } = stores.ports.audit
    stores.ports.audit.note = async (call) => {
      noted.push(call)
      return note(call)
    }
    await ask(place, { method: 'GET', query: { secret } })
    await ask(place, { method: 'POST', headers: JSON_BODY, body: JSON.stringify({ secret: 'x'.repeat(43) }) })
    expect(noted).toEqual([])
    await ask(place, {
      method: 'POST',
      headers: JSON_BODY,
      body: JSON.stringify({ secret, decision: 'reject' }),
    })
    stores.ports.audit.note = note
    expect(noted).toMatchObject([
      { tenant: 'default', kind: 'link', action: 'useLink', resource: place.replace('/api/v1/', '') },
    ])
    expect(JSON.stringify(noted)).not.toContain(secret)
  })

  it.each<[string, (link: { place: string; secret: string }) => [string, Request], number]>([
    ['no secret', ({ place }) => [place, { method: 'GET' }], 404],
    ['no secret in a page', ({ place }) => [place, { method: 'GET', headers: PAGE }], 404],
    ['a secret of another length', ({ place }) => [place, { method: 'GET', query: { secret: 'x' } }], 404],
    ['a path below it', ({ place, secret }) => [`${place}/x`, { method: 'GET', query: { secret } }], 404],
    ['another method', ({ place }) => [place, { method: 'DELETE' }], 405],
    ['no body', ({ place }) => [place, { method: 'POST', headers: JSON_BODY }], 400],
    [
      'a body that is no object',
      ({ place }) => [place, { method: 'POST', headers: JSON_BODY, body: '[]' }],
      400,
    ],
    [
      'a body of another type',
      ({ place }) => [place, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }],
      415,
    ],
    [
      'a field that there is not',
      ({ place, secret }) => [
        place,
        { method: 'POST', headers: JSON_BODY, body: JSON.stringify({ secret, by: 'ada' }) },
      ],
      400,
    ],
    [
      'a value that is no JSON',
      ({ place, secret }) => [
        place,
        { method: 'POST', headers: FORM, body: `secret=${secret}&decision=approve&value=%7B` },
      ],
      400,
    ],
    [
      'no decision',
      ({ place, secret }) => [
        place,
        { method: 'POST', headers: JSON_BODY, body: JSON.stringify({ secret }) },
      ],
      400,
    ],
  ])('is refused with %s', async (_what, requestOf, status) => {
    const link = await madeLink()
    const told = await ask(...requestOf(link))
    expect(told.status, told.text).toBe(status)
    // The way back has it, and no message.
    expect(told.text.replace(/<a href="[^"]*"/, '')).not.toContain(link.secret)
    expect(await answered(link.taskId)).toBeUndefined()
  })
})

describe('what is too large for an answer', () => {
  /** Escaped twice, as JSON in the envelope of an answer: more than 6 MB. */
  const LARGE = '"'.repeat(1_600_000)

  async function linkOf(taskId: string, wanted: object) {
    const link = { id: taskId, action: 'result' as const, expiresInSeconds: 60, ...wanted }
    const { path, linkId } = await createLink({ ...stores.ports, opensLinks: true })(
      link,
      callerOf('default'),
    )
    const [place = '', search] = path.split('?')
    return { place, secret: new URLSearchParams(search).get('secret') ?? '', ref: { taskId, id: linkId } }
  }
  async function largeResult(): Promise<string> {
    const workflow = await seedWorkflow(stores.ports, {
      steps: { s: { emit: { type: 'done', data: 1 } } },
      output: { text: '{% $input.text %}' },
      agents: [],
    })
    const request = { workflow, input: { text: LARGE }, metadata: {} }
    const { taskId } = await submitTask(stores.ports)(request, callerOf('default'))
    const fence = String(++count).padStart(6, '0')
    await controlStep(stores.ports)({
      ...{ taskId, execution: 1, fence, owner: fence, at: 'begin', path: 's' },
    })
    await finishTask(stores.ports)({ name: `${taskId}-1`, ended: { status: 'SUCCEEDED' } })
    return taskId
  }

  it.each([
    ['a page', FORM, (secret: string) => new URLSearchParams({ secret }).toString()],
    ['JSON', JSON_BODY, (secret: string) => JSON.stringify({ secret })],
  ])('as %s leaves a link to a result unused (link/L6)', async (_what, headers, bodyOf) => {
    const { place, secret, ref } = await linkOf(await largeResult(), {})
    const told = await ask(place, { method: 'POST', headers, body: bodyOf(secret) })
    expect([told.status, told.text.slice(0, 3_000)]).toEqual([
      413,
      expect.stringContaining('more than an answer can have'),
    ])
    expect(await stores.ports.links.findLink(ref)).not.toHaveProperty('used')
  })

  it.each([PAGE, {}])('is said of a question, in place of it (%o)', async (headers) => {
    const approval = { prompt: 'Go?', value: LARGE, timeoutSeconds: 3_600 }
    const taskId = await seedTask(stores.ports, { steps: { s: { approval } }, agents: [makeAgent()] })
    const fence = String(++count).padStart(6, '0')
    await controlStep(stores.ports)({
      ...{ taskId, execution: 1, fence, owner: fence, at: 'begin', path: 's', token: fence },
    })
    const { place, secret } = await linkOf(taskId, { action: 'answer', stepId: 's' })
    const told = await ask(place, { method: 'GET', query: { secret }, headers })
    expect([told.status, told.text.slice(0, 3_000)]).toEqual([
      413,
      expect.stringContaining('more than an answer can have'),
    ])
  })
})
