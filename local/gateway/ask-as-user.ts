import type { Invocation } from '../lambda/function-settings.ts'
import { matchRoute, type ServedApi } from './gateway-api.ts'

export type Asked = { method: string; path: string; body?: object }

/**
 * A request of this machine's user, within this process and by no port: to the API whose door is closed while another asks for tokens. Rejects where the assembly has no such
 * API, or its function fails.
 */
export async function askAsUser(
  { apis }: ServedApi,
  invoke: (functionArn: string, payload: string) => Promise<Invocation>,
  { method, path, body }: Asked,
): Promise<{ status: number; body: unknown }> {
  const open = [...apis.values()].find(({ routes }) => routes.every(({ authorizer }) => !authorizer))
  const matched = matchRoute(open?.routes ?? [], method, path)
  if (!matched) throw new Error(`the assembly has no open API with ${method} ${path}`)
  const routeKey = `${matched.route.method} ${matched.route.path}`
  const event = {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json' },
    ...(Object.keys(matched.parameters).length > 0 ? { pathParameters: matched.parameters } : {}),
    requestContext: {
      accountId: '000000000000',
      authorizer: { iam: { accountId: '000000000000', userArn: 'local' } },
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'local' },
      routeKey,
      stage: '$default',
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
    isBase64Encoded: false,
  }
  const outcome = await invoke(matched.route.functionArn, JSON.stringify(event))
  if ('functionError' in outcome) throw new Error(`${method} ${path}: ${outcome.functionError.errorMessage}`)
  const answer = JSON.parse(outcome.payload) as { statusCode: number; body?: string }
  return { status: answer.statusCode, body: JSON.parse(answer.body ?? 'null') as unknown }
}
