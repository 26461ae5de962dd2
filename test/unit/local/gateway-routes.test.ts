import { describe, expect, it } from 'vitest'
import { matchRoute } from '../../../local/gateway/gateway-api.ts'

const routes = [
  'GET /{proxy+}',
  'POST /{proxy+}',
  'GET /',
  'GET /v1/tasks/{id}',
  'GET /v1/tasks/list',
  'GET /v1/tasks/{id}/steps/{stepId}',
].map((key) => {
  const [method = '', path = ''] = key.split(' ')
  return { method, path, functionArn: key }
})
const matched = (method: string, path: string) => {
  const found = matchRoute(routes, method, path)
  return found && [found.route.path, found.parameters]
}

describe('a route', () => {
  it.each<[string, string, string, Record<string, string>]>([
    ['GET', '/', '/', {}],
    ['GET', '/v1/tasks/list', '/v1/tasks/list', {}],
    ['GET', '/v1/tasks/t%201', '/v1/tasks/{id}', { id: 't 1' }],
    ['GET', '/v1/tasks/t/steps/s', '/v1/tasks/{id}/steps/{stepId}', { id: 't', stepId: 's' }],
    ['GET', '/v1/tasks/', '/{proxy+}', { proxy: 'v1/tasks/' }],
    ['GET', '/v1/tasks/t/steps', '/{proxy+}', { proxy: 'v1/tasks/t/steps' }],
    ['POST', '/v1/tasks/list', '/{proxy+}', { proxy: 'v1/tasks/list' }],
  ])('is the most specific one: %s %s is taken by %s', (method, path, route, parameters) => {
    expect(matched(method, path)).toEqual([route, parameters])
  })

  it('is none where no route has the method', () => {
    expect(matched('OPTIONS', '/v1/tasks/list')).toBeUndefined()
    expect(matched('POST', '/')).toBeUndefined()
  })
})
