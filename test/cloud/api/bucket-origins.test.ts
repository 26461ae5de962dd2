import { afterAll, beforeAll, expect, it } from 'vitest'
import { alterAssembly, removeAltered } from '../../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const PAGE = 'https://app.example.com'
/** As infra makes it of `allowedOrigins`: test/assembly/closed-api.test.ts. */
const CORS = {
  CorsRules: [
    { AllowedHeaders: ['*'], AllowedMethods: ['POST'], AllowedOrigins: [PAGE], MaxAge: 3_600 },
    {
      AllowedHeaders: ['*'],
      AllowedMethods: ['GET', 'HEAD'],
      AllowedOrigins: ['*'],
      ExposedHeaders: ['etag'],
      MaxAge: 3_600,
    },
  ],
}

let api: LocalApi
/** A link to an answer that is too large for a function to give. */
let link: string
beforeAll(async () => {
  const change: Parameters<typeof alterAssembly>[0] = ({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources))
      if (Type === 'AWS::S3::Bucket') Object.assign(Properties, { CorsConfiguration: CORS })
  }
  api = await startApi({ assembly: alterAssembly(change, 'orchestrator-data.template.json') })
  const steps = {
    a: { capability: 'echo', input: { text: '{% $input.text & $input.text & $input.text %}' } },
  }
  const { taskId } = await api.submitOwn(
    { name: 'large', steps, output: '{% $steps.a %}' },
    { text: '"'.repeat(900_000) },
  )
  await api.ended(taskId)
  const answer = await fetch(`${api.apiUrl}/api/v1/tasks/${taskId}/result`, { redirect: 'manual' })
  link = String(answer.headers.get('location'))
})
afterAll(async () => {
  await api.stop()
  removeAltered()
})

const from = (origin: string) => ({ origin, 'sec-fetch-site': 'cross-site' })
const allowed = ({ status, headers }: Response) => [status, headers.get('access-control-allow-origin')]

it.each([PAGE, 'null', 'https://other.example.com'])(
  'a signed link is read by the page that has it: %s, and null after a redirect',
  async (origin) => {
    const answer = await fetch(link, { headers: from(origin) })
    expect(allowed(answer)).toEqual([200, '*'])
    expect(answer.headers.get('access-control-expose-headers')).toBe('etag')
    expect((await answer.text()).length).toBeGreaterThan(5_000_000)
  },
)

it.each([
  ['without its signature', (url: URL) => url.search.replace(/.*/, '')],
  ['with another', (url: URL) => url.search.replace(/(X-Amz-Signature=)../, '$100')],
  ['after its time', (url: URL) => url.search.replace(/(X-Amz-Date=)\d{4}/, '$12020')],
])('a link %s is no link for a page', async (_how, search) => {
  const url = new URL(link)
  url.search = search(url)
  expect(allowed(await fetch(url, { headers: from(PAGE) }))).toEqual([403, null])
})

it('a page of an allowed origin uploads by a signed form, and no other page does', async () => {
  const { files } = await api.ask('createFiles', { files: [{ path: 'a.txt' }] })
  const { upload, file } = files[0] ?? { upload: { url: '', fields: {} }, file: { $file: '' } }
  const post = (origin: string, fields: Record<string, string> = upload.fields) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    form.append('file', new Blob(['hello']), 'a.txt')
    return fetch(upload.url, { method: 'POST', headers: from(origin), body: form })
  }
  expect(allowed(await post('https://other.example.com'))).toEqual([403, null])
  expect(allowed(await post('null'))).toEqual([403, null])
  expect(allowed(await post(PAGE, { key: file.$file }))).toEqual([403, PAGE])
  expect(allowed(await post(PAGE))).toEqual([204, PAGE])
})

it('a page reaches no other service by the address of the bucket', async () => {
  const url = new URL(link)
  const bucket = `${url.origin}/${url.pathname.split('/')[1]}`
  const target = { 'x-amz-target': 'DynamoDB_20120810.ListTables' }
  for (const at of [bucket, `${bucket}?delete`, link]) {
    const headers = { ...from(PAGE), ...target }
    expect(allowed(await fetch(at, { method: 'POST', headers, body: '{}' }))).toEqual([403, null])
    const asking = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-amz-target',
    }
    const asked = await fetch(at, { method: 'OPTIONS', headers: { ...from(PAGE), ...asking } })
    expect(allowed(asked)).toEqual([403, null])
  }
})

it.each([
  ['GET', PAGE, 200],
  ['POST', PAGE, 200],
  ['PUT', PAGE, 403],
  ['DELETE', PAGE, 403],
  ['POST', 'https://other.example.com', 403],
])('a preflight request for %s of %s is answered %i', async (method, origin, status) => {
  const answer = await fetch(link, {
    method: 'OPTIONS',
    headers: {
      ...from(origin),
      'access-control-request-method': method,
      'access-control-request-headers': 'range',
    },
  })
  expect(answer.status).toBe(status)
  expect(answer.headers.get('access-control-allow-headers')).toBe(status === 200 ? 'range' : null)
})
