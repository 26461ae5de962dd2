import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { Route } from '../../shared/contracts/route.ts'
import type { AuditedCall } from '../../shared/domain/audit.ts'
import type { Caller } from '../../shared/domain/caller.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import { canonicalJson, isJsonObject } from '../../shared/domain/json.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { issueOfValue } from './issue-of-value.ts'

type Handler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>
type Begun = Parameters<Ports['audit']['note']>[0]

/** What a path of a request may bring into an entry. */
const MOST_RESOURCE = 500

/** Whether requests of a route are audited: those that may change something. */
export const isAudited = ({ method, scope }: Pick<Route, 'method' | 'scope'>): boolean =>
  method !== 'GET' && !scope.endsWith(':read')

/**
 * Notes a request before its handler begins, and how it ended before it is answered (audit-writer/W1): a change cannot happen without a note. Refused
 * requests are noted, too. Throws what the handler throws, and UnavailableError where nothing can be noted: nothing is changed then. Where only the end
 * cannot be told, the request is answered all the same.
 */
export function audited(
  route: Route,
  handler: Handler,
  {
    audit,
    ids,
    clock,
    callerOf,
  }: Pick<Ports, 'audit' | 'ids' | 'clock'> & {
    callerOf: (event: APIGatewayProxyEventV2) => Caller
  },
): Handler {
  if (!isAudited(route)) return handler
  return async (event) => {
    const { tenant, subject, kind = 'iam', issuer } = callerOf(event)
    const begun: Begun = {
      id: ids.makeId('c'),
      at: clock.now().toISOString(),
      tenant,
      subject,
      kind,
      ...(issuer === undefined ? {} : { issuer }),
      action: route.id,
      resource: resourceOf(route, event.pathParameters ?? {}),
      asked: ids.digest(askedOf(event)),
    }
    await audit.note(begun)
    const ended = await ending(handler, event)
    // It has happened, and its answer may be the only one with a key in it. The note stands: the writer appends it as `unknown` (audit-writer/W2).
    await audit.conclude({ ...begun, ...outcomeOf(route, ended, ids.digest) }).catch(() => {})
    if ('error' in ended) throw ended.error
    return ended.answer
  }
}

type Ended = { answer: APIGatewayProxyStructuredResultV2 } | { error: unknown }

const ending = (handler: Handler, event: APIGatewayProxyEventV2): Promise<Ended> =>
  handler(event).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  )

function outcomeOf(
  route: Route,
  ended: Ended,
  digest: (text: string) => string,
): Pick<AuditedCall, 'outcome' | 'status' | 'error'> & { answered?: string; resource?: string } {
  if ('error' in ended) {
    if (!isOrchestratorError(ended.error)) return { outcome: 'failed', status: 500 }
    const { name, status } = ended.error
    return { outcome: status < 500 ? 'refused' : 'failed', status, error: name }
  }
  const { statusCode = route.success.status, body = '', headers = {} } = ended.answer
  const made = headers.location
  return {
    outcome: 'done',
    status: statusCode,
    answered: digest(body),
    // What was created is named by the answer only.
    ...(route.success.location && typeof made === 'string' ? { resource: shortened(made) } : {}),
  }
}

/** The path of a route with the values of a request, without the prefix of the API. */
const resourceOf = ({ path }: Route, values: Readonly<Record<string, string | undefined>>): string =>
  shortened(path.replace(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? `{${name}}`))

const shortened = (path: string): string => path.replace(/^(\/api\/v1)?\//, '').slice(0, MOST_RESOURCE)

/** The body is parsed already; one that is no JSON object counts as text, and so does one that is refused: it may be nested deeper than a stack. */
function askedOf({
  body,
  pathParameters = {},
  queryStringParameters = {},
}: { body?: unknown } & Pick<APIGatewayProxyEventV2, 'pathParameters' | 'queryStringParameters'>): string {
  return canonicalJson({
    body: isJsonObject(body) && issueOfValue(body) === undefined ? body : String(body ?? ''),
    pathParameters,
    queryStringParameters,
  })
}
