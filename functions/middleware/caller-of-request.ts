import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { type Caller, DEFAULT_TENANT, SCOPES } from '../../shared/domain/caller.ts'
import { type CallerRole, granteeOf } from '../../shared/domain/caller-roles.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'

/** What API Gateway adds to the event of a route with an IAM authorizer. Only API Gateway writes it: no header or body can. */
type Context = APIGatewayProxyEventV2['requestContext'] & {
  authorizer?: { iam?: { userArn?: string | null } }
}

/** The subject that the embedded cloud's gateway gives in place of an ARN. */
const LOCAL = 'local'

/** The caller that API Gateway has authenticated, as the stage maps its role. Throws ConfigError if there is none: the route lacks an authorizer. */
export function callerOfRequest(
  { routeKey, requestContext }: APIGatewayProxyEventV2,
  roles: readonly CallerRole[] = [],
): Caller {
  const { accountId, authorizer }: Context = requestContext
  const subject = authorizer?.iam?.userArn
  if (!subject) {
    const message = `route "${routeKey}" has no IAM authorizer, so its caller is unknown: set one for every route of the API`
    throw new OrchestratorError('ConfigError', message)
  }
  if (subject === LOCAL) return { tenant: DEFAULT_TENANT, subject, kind: 'local', scopes: SCOPES }
  return { ...granteeOf(subject, accountId, roles), subject, kind: 'iam' }
}
