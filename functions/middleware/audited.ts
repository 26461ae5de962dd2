import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { Route } from '../../shared/contracts/route.ts'
import type { AuditedCall } from '../../shared/domain/audit.ts'
import { type Caller, mayDo } from '../../shared/domain/caller.ts'
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

type Needs = Pick<Ports, 'audit' | 'ids' | 'clock'> & {
  callerOf: (event: APIGatewayProxyEventV2) => Caller
  /** Told of a request whose end could not be written down. */
  onUntold?: ((call: AuditedCall, error: unknown) => void) | undefined
}

/**
 * Notes a request before its handler begins, and how it ended before it is answered (audit-writer/W1): a change cannot happen without a note. Refused
 * requests are noted, too; from the second of a minute on they are only counted (audit-writer/W3). Throws what the handler throws, and UnavailableError
 * where nothing can be noted: nothing is changed then. Where only the end cannot be told, the request is answered all the same.
 */
export function audited(route: Route, handler: Handler, needs: Needs): Handler {
  if (!isAudited(route)) return handler
  const { audit, ids, callerOf, onUntold } = needs
  return async (event) => {
    const caller = callerOf(event)
    const begun = begunBy(caller, route, event, needs)
    // Who lacks the scope changes nothing: it is enough to write down that it was refused.
    const isNoted = mayDo(caller, route.scope)
    if (isNoted) await audit.note(begun)
    const ended = await ending(handler, event)
    const call = { ...begun, ...outcomeOf(route, ended, ids.digest) }
    // It has happened, and its answer may be the only one with a key in it. A note stands: the writer appends it as `unknown` (audit-writer/W2).
    await tell(needs, { begun, call, isNoted }).catch((error: unknown) => onUntold?.(call, error))
    if ('error' in ended) throw ended.error
    return ended.answer
  }
}

const MINUTE = 60_000

async function tell(
  { audit, ids, clock }: Needs,
  { begun, call, isNoted }: { begun: Begun; call: AuditedCall; isNoted: boolean },
): Promise<void> {
  if (call.outcome === 'refused') {
    const end = new Date((Math.floor(clock.now().getTime() / MINUTE) + 1) * MINUTE).toISOString()
    const times = await audit.countRefused({ ...call, id: ids.makeId('c') }, end)
    if (times > 1) return isNoted ? audit.forget(call) : undefined
  }
  if (!isNoted) await audit.note(begun)
  await audit.conclude(call)
}

function begunBy(
  { tenant, subject, kind, issuer }: Caller,
  route: Route,
  event: APIGatewayProxyEventV2,
  { ids, clock }: Needs,
): Begun {
  return {
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
