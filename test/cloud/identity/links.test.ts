/** Links over the real doors: that for tokens and keys, whose addresses of links ask for nothing, and the open one of a laptop. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { startTokenCloud, type TokenCloud } from '../../support/cloud/token-cloud.ts'

const WORKFLOW = {
  name: 'letters',
  steps: {
    ask: {
      approval: {
        prompt: 'Send <b>this</b> & that?',
        value: { text: '</textarea><script>alert(1)</script>' },
        edit: {},
        timeoutSeconds: 3_600,
      },
    },
  },
}
const PAGE = { accept: 'text/html,application/xhtml+xml' }

type Ask = (
  method: string,
  path: string,
  body?: object,
) => Promise<{ status: number; body: Record<string, unknown> }>

const asking =
  (url: string, headers: Record<string, string>): Ask =>
  async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

async function askedTask(ask: Ask): Promise<string> {
  const { body } = await ask('POST', '/tasks', { workflow: WORKFLOW, input: {} })
  const taskId = String(body.taskId)
  const isAsked = async () => JSON.stringify((await ask('GET', `/tasks/${taskId}/steps/ask`)).body.status)
  await expect.poll(isAsked, { timeout: 30_000, interval: 100 }).toBe('"waiting"')
  return taskId
}

const secretOf = (path: string): string => new URLSearchParams(path.split('?')[1]).get('secret') ?? ''
const form = (fields: Record<string, string>, origin: string): RequestInit => ({
  method: 'POST',
  headers: { ...PAGE, origin, 'sec-fetch-site': 'same-origin' },
  body: new URLSearchParams(fields),
})

/** What holds at every door: the task of `ask`, whose links are opened at `url` by whoever has them. */
async function answersInPages(url: string, ask: Ask): Promise<string> {
  const taskId = await askedTask(ask)
  const made = await ask('POST', `/tasks/${taskId}/links`, {
    action: 'answer',
    stepId: 'ask',
    expiresInSeconds: 600,
  })
  expect(made.status).toBe(201)
  const path = String(made.body.path)
  const [place = ''] = path.split('?')
  const secret = secretOf(path)
  // Programs that look at links in mails: they change nothing.
  for (const headers of [PAGE, {}, PAGE]) expect((await fetch(url + path, { headers })).status).toBe(200)
  const page = await fetch(url + path, { headers: PAGE })
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(page.headers.get('referrer-policy')).toBe('same-origin')
  expect(page.headers.get('cache-control')).toBe('no-store')
  const text = await page.text()
  expect(text).toContain('Send &lt;b&gt;this&lt;/b&gt; &amp; that?')
  expect(text).not.toContain('<script')
  // The page of another site cannot send it without the secret, and with a wrong one nothing is told.
  for (const wrong of ['', 'x'.repeat(43)]) {
    const refused = await fetch(url + place, form({ secret: wrong, decision: 'approve' }, url))
    expect([refused.status, await refused.text()]).toEqual([
      404,
      expect.stringContaining('there is no such link'),
    ])
  }
  const bad = await fetch(url + place, form({ secret, decision: 'maybe' }, url))
  expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining('is no choice of step')])
  const value = JSON.stringify({ text: 'short' })
  const sent = () => fetch(url + place, form({ secret, decision: 'approve', comment: '', value }, url))
  for (const answer of [await sent(), await sent()])
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining('Your answer is kept: approve'),
    ])
  const other = await fetch(url + place, form({ secret, decision: 'reject' }, url))
  expect([other.status, await other.text()]).toEqual([409, expect.stringContaining('it was used at')])
  expect((await fetch(url + path, { headers: PAGE })).status).toBe(409)
  const ended = async () => (await ask('GET', `/tasks/${taskId}`)).body.status
  await expect.poll(ended, { timeout: 30_000, interval: 100 }).toBe('succeeded')
  const result = await ask('GET', `/tasks/${taskId}/result`)
  expect(result.body.result).toMatchObject({
    ask: { decision: 'approve', by: `link/${made.body.linkId}`, value: { text: 'short' }, edited: true },
  })
  return taskId
}

describe('the door for tokens and keys', () => {
  let cloud: TokenCloud
  let ask: Ask
  beforeAll(async () => {
    cloud = await startTokenCloud()
    ask = asking(cloud.apiUrl, { authorization: `Bearer ${await cloud.issuer.token({ sub: 'ada' })}` })
  }, 180_000)
  afterAll(() => cloud.stop())

  it('opens links without a token, audits their use, and writes no secret to a log', async () => {
    const taskId = await answersInPages(cloud.apiUrl, ask)
    const made = await ask('POST', `/tasks/${taskId}/links`, { action: 'result' })
    const path = String(made.body.path)
    const [place = ''] = path.split('?')
    const secret = secretOf(path)
    const show = () =>
      fetch(cloud.apiUrl + place, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ secret }),
      })
    expect(await (await show()).json()).toMatchObject({ result: { ask: { decision: 'approve' } } })
    expect((await show()).status).toBe(409)
    const { body } = await ask('GET', '/audit?limit=100')
    const uses = (body.entries as Record<string, string>[]).filter(({ action }) => action === 'useLink')
    expect(uses.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['done', 'refused']))
    expect(uses[0]).toMatchObject({ kind: 'link', subject: expect.stringContaining('made by ada') })
    const kept = JSON.stringify([body, (await ask('GET', `/tasks/${taskId}/links`)).body])
    for (const text of [cloud.logs.join(''), kept]) expect(text).not.toContain(secret)
  })

  it('asks for a token everywhere else, also beside them', async () => {
    for (const path of ['/api/v1/links', '/api/v1/links/a/b', '/api/v1/tasks'])
      expect((await fetch(cloud.apiUrl + path)).status).toBe(401)
    expect((await fetch(`${cloud.apiUrl}/api/v1/links/x`)).status).toBe(404)
    const name = `${'0'.repeat(26)}-${'0'.repeat(26)}`
    const unknown = await fetch(`${cloud.apiUrl}/api/v1/links/${name}?secret=${'x'.repeat(43)}`)
    expect(unknown.status).toBe(404)
  })

  it('refuses who may not decide himself (approval/O13)', async () => {
    const four = { ask: { approval: { prompt: 'Go?', notBy: 'submitter', timeoutSeconds: 3_600 } } }
    const { body } = await ask('POST', '/tasks', { workflow: { name: 'four', steps: four }, input: {} })
    const link = { action: 'answer', stepId: 'ask' }
    const told = async () => (await ask('POST', `/tasks/${body.taskId}/links`, link)).status
    await expect.poll(told, { timeout: 30_000, interval: 200 }).toBe(403)
  })
})

describe('the open door of a laptop', () => {
  let api: LocalApi
  beforeAll(async () => {
    api = await startApi()
  }, 180_000)
  afterAll(() => api.stop())

  it('opens links to this machine, and to no page of another site', async () => {
    const ask = asking(api.apiUrl, {})
    const taskId = await answersInPages(api.apiUrl, ask)
    const { body } = await ask('POST', `/tasks/${taskId}/links`, { action: 'result' })
    const [place = ''] = String(body.path).split('?')
    const sent = form({ secret: secretOf(String(body.path)) }, 'https://evil.example')
    expect((await fetch(api.apiUrl + place, sent)).status).toBe(403)
  })
})
