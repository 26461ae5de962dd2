import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { type Admitted, type Refused, readContext } from '../../shared/contracts/caller-context.ts'
import { METADATA_PATH, originOf } from '../../shared/contracts/resource-metadata.ts'
import { type Caller, DEFAULT_TENANT, SCOPES } from '../../shared/domain/caller.ts'
import { type CallerRole, granteeOf } from '../../shared/domain/caller-roles.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'

/** What API Gateway adds to the event of a route with an authorizer. Only API Gateway writes it: no header or body can. */
type Context = APIGatewayProxyEventV2['requestContext'] & {
  authorizer?: { iam?: { userArn?: string | null }; lambda?: unknown }
}

type Settings = {
  /** What the stage maps IAM roles to. */
  roles?: readonly CallerRole[]
  /** The time of the request, by which a token may have ended since its authorizer has seen it. */
  now?: Date
}

/** The subject that the embedded cloud's gateway gives in place of an ARN. */
const LOCAL = 'local'

/**
 * The caller that API Gateway has authenticated: by its signature, as the stage maps its role, or by a token or a key. Throws UnauthorizedError where the authorizer has found
 * nobody, and ConfigError for a route without an authorizer.
 */
export function callerOfRequest(
  { routeKey, requestContext }: APIGatewayProxyEventV2,
  { roles = [], now = new Date() }: Settings = {},
): Caller {
  const { accountId, authorizer, domainName }: Context = requestContext
  const found = readContext(authorizer?.lambda)
  if (found) return admitted(found, now, domainName)
  const subject = authorizer?.iam?.userArn
  if (!subject) {
    const message = `route "${routeKey}" has no authorizer, so its caller is unknown: set one for every route of the API`
    throw new OrchestratorError('ConfigError', message)
  }
  if (subject === LOCAL) return { tenant: DEFAULT_TENANT, subject, kind: 'local', scopes: SCOPES }
  return { ...granteeOf(subject, accountId, roles), subject, kind: 'iam' }
}

function admitted(found: Admitted | Refused, now: Date, host = ''): Caller {
  const reason = 'refused' in found ? found.refused : ended(found, now)
  if ('refused' in found || reason !== undefined) {
    // RFC 6750 and RFC 9728; API Gateway sends it as x-amzn-remapped-www-authenticate.
    const challenge = `Bearer error="invalid_token", resource_metadata="${originOf(host)}${METADATA_PATH}"`
    throw new OrchestratorError('UnauthorizedError', `not signed in: ${reason}`, {
      headers: { 'www-authenticate': challenge },
    })
  }
  const { expires: _until, ...caller } = found
  return caller
}

/** door/D3 */
const ended = ({ kind, expires }: Admitted, now: Date): string | undefined =>
  expires * 1_000 > now.getTime() ? undefined : `the ${kind === 'key' ? 'key' : 'token'} has expired`
