import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { ServedApi } from '../../../local/gateway/gateway-api.ts'
import { createGateway } from '../../../local/gateway/gateway-server.ts'

it('serves nothing until it has started, and says so to clients that come again', async () => {
  const route = { method: 'GET', path: '/api/v1/health', functionArn: 'api' }
  const api = new ServedApi()
  api.apis.set('one', { routes: [route] })
  const asked: string[] = []
  const gateway = createGateway(api, async (functionArn) => {
    asked.push(functionArn)
    return { payload: JSON.stringify({ statusCode: 200, body: '{}' }) }
  })
  gateway.listen(0, '127.0.0.1')
  await once(gateway, 'listening')
  const url = `http://localhost:${(gateway.address() as AddressInfo).port}`
  try {
    for (const path of ['/api/v1/health', '/api/v1/tasks']) {
      const early = await fetch(`${url}${path}`)
      expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await early.json()).toMatchObject({ type: 'urn:orchestrator:StartingError', status: 503 })
    }
    expect(asked).toEqual([])
    api.isStarting = false
    expect((await fetch(`${url}/api/v1/health`)).status).toBe(200)
  } finally {
    gateway.close()
  }
})
