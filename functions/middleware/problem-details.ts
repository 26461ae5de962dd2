import type { Logger } from '@aws-lambda-powertools/logger'
import type middy from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { Readiness } from '../../shared/app/catalogue/readiness.ts'
import { TITLES } from '../../shared/contracts/openapi.ts'
import type { Problem } from '../../shared/contracts/problem-view.ts'
import { boundedText } from '../../shared/domain/bounded.ts'
import { isOrchestratorError, type OrchestratorError } from '../../shared/domain/errors.ts'
import type { Issue } from '../../shared/domain/issue.ts'

/**
 * Errors as RFC 9457 problem documents. Below 500 they carry the message; from 500 on only a request id, for the cause is internal, except
 * that an installation which is starting says so.
 */
export function problemDetails({
  logger,
}: {
  logger: Logger
}): middy.MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> {
  return {
    onError: (request) => {
      const problem = problemOf(request.error, request.context.awsRequestId)
      if (problem.status >= 500 && !isStarting(request.error))
        logger.error('request failed', { error: request.error as Error })
      const instance = request.event.rawPath
      request.response = {
        statusCode: problem.status,
        headers: { ...headersOf(request.error), 'content-type': 'application/problem+json' },
        body: JSON.stringify({ ...problem, ...(instance ? { instance: boundedText(instance, 1_000) } : {}) }),
      }
    },
  }
}

function problemOf(error: unknown, requestId: string): Problem {
  const status = statusOf(error)
  const title = TITLES[status] ?? 'Error'
  if ((status >= 500 && !isStarting(error)) || !(error instanceof Error)) {
    return {
      type: 'about:blank',
      title,
      status,
      requestId,
      detail: `it is logged under request id ${requestId}`,
    }
  }
  const name = isOrchestratorError(error) ? error.name : 'HttpError'
  const issues = isOrchestratorError(error) ? (error.details.issues as Issue[] | undefined) : undefined
  return {
    type: `urn:orchestrator:${name}`,
    title,
    status,
    detail: messageOf(error),
    requestId,
    ...(issues ? { issues: issues.map(bounded) } : {}),
    ...(isStarting(error) ? { starting: error.details.starting as Readiness } : {}),
  }
}

const isStarting = (error: unknown): error is OrchestratorError => isOrchestratorError(error, 'StartingError')

/** Cuts short the values that an issue quotes; the error itself limits the number of issues. */
const bounded = ({ code, path, message, ...place }: Issue): Issue => ({
  ...place,
  code,
  path: boundedText(path, 300),
  message: boundedText(message, 1_000),
})

/** Headers that an error adds to its answer, such as `Allow`. */
const headersOf = (error: unknown): Record<string, string> =>
  isOrchestratorError(error) ? ((error.details.headers as Record<string, string> | undefined) ?? {}) : {}

/** Our errors have their own status; middy's (unreadable JSON, unknown route) carry it as `statusCode`. */
function statusOf(error: unknown): number {
  if (isOrchestratorError(error)) return error.status
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  // The body parser says 422 for text that is not JSON. Here that is 400; 422 is for a well-formed request that is semantically wrong.
  return status === 422 ? 400 : status
}

/** The body parser's message says only that JSON is invalid; its cause says where. */
function messageOf(error: Error): string {
  const cause = error.cause as { data?: { message?: string }; message?: string } | undefined
  const reason = cause?.data instanceof Error ? cause.data.message : cause?.message
  // A message may tell its cause already.
  return boundedText(
    reason && !error.message.includes(reason) ? `${error.message}: ${reason}` : error.message,
  )
}
