import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import httpHeaderNormalizer from '@middy/http-header-normalizer'
import httpRouter from '@middy/http-router'

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { RequestQuota } from '../../shared/app/quotas/request-quota.ts'

import { type Method, OTHER_REQUESTS, pathsOf } from '../../shared/contracts/route.ts'
import { ROUTES, type RouteId } from '../../shared/contracts/routes.ts'
import type { AuditedCall } from '../../shared/domain/audit.ts'
import type { Caller } from '../../shared/domain/caller.ts'
import { anchors } from '../deps/audit/anchors.ts'
import { auditWriter } from '../deps/audit/audit-writer.ts'
import { deletions, tenants } from '../deps/deletion/deletion-ports.ts'
import { elsewhereHost } from '../deps/elsewhere/allowed.ts'
import { environment } from '../deps/environment.ts'
import { answers, files, taskFiles } from '../deps/files.ts'
import { callerRoles } from '../deps/identity/caller-roles.ts'
import { keys } from '../deps/identity/keys.ts'
import { links } from '../deps/identity/links.ts'
import { money, quotas } from '../deps/identity/quota-ports.ts'
import { knowledgePorts } from '../deps/knowledge-ports.ts'
import { logs } from '../deps/logs.ts'
import { bell, messages } from '../deps/messages/message-ports.ts'
import { configuredModels, modelUsage } from '../deps/models/model-settings.ts'
import { clock, ids, logger } from '../deps/platform.ts'
import { queuePorts } from '../deps/queue-ports.ts'
import { audit, collectables, workflows } from '../deps/registry-ports.ts'
import { machines } from '../deps/state-machines.ts'
import { transcripts } from '../deps/step-ports.ts'
import { callbacks, suspensions } from '../deps/suspending/suspend-ports.ts'
import { taskPorts } from '../deps/task-ports.ts'
import { callerOfRequest } from '../middleware/caller-of-request.ts'
import { jsonBody } from '../middleware/json-body.ts'
import { knownCaller } from '../middleware/known-caller.ts'
import { limitBody } from '../middleware/limit-body.ts'
import { problemDetails } from '../middleware/problem-details.ts'
import { requestLog } from '../middleware/request-log.ts'
import { requestQuota } from '../middleware/request-quota.ts'
import { measure } from '../telemetry/metrics.ts'
import { callbackHandler, isForCallback } from './callback-handler.ts'
import { makeHandlers } from './handlers.ts'
import { isForLink, linkHandler } from './link-handler.ts'
import { unknownRoute } from './unknown-route.ts'

const log = logger()
const NONE = { names: [] }
const callerOf = (event: APIGatewayProxyEventV2): Caller =>
  callerOfRequest(event, { roles: callerRoles(), now: clock.now() })
const onUntold = (call: AuditedCall, error: unknown): void => {
  const { id, tenant, action, resource, outcome, status } = call
  log.error('the end of an audited request is not noted', {
    audited: { id, tenant, action, resource, outcome, status },
    error: error as Error,
  })
  measure('AuditUntold', {}, 1)
}
const { EXPECTED_AGENT_NAMES = NONE, EXPECTED_WORKFLOW_NAMES = NONE } = environment()
const ports = {
  ...taskPorts(),
  ...knowledgePorts(),
  ...queuePorts(),
  workflows: workflows(),
  collectables: collectables(),
  keys: keys(),
  takesKeys: environment().TAKES_KEYS === 'yes',
  opensLinks: environment().TAKES_KEYS !== undefined,
  files: files(),
  taskFiles: taskFiles(),
  transcripts: transcripts(),
  deletions: deletions(),
  tenants: tenants(),
  links: links(),
  messages: messages(),
  suspensions: suspensions(),
  callbacks: callbacks(),
  bell: bell(),
  machines: machines(),
  modelUsage: modelUsage(),
  quotas: quotas(),
  money: money(),
  stageModels: configuredModels(),
  audit: audit(),
  auditWriter: auditWriter(),
  elsewhereHost: elsewhereHost(),
  anchors: anchors(),
  clock,
  ids: ids(),
  expected: { agents: EXPECTED_AGENT_NAMES, workflows: EXPECTED_WORKFLOW_NAMES },
}
const handlers = makeHandlers(ports, { answers: answers(), logs: logs(), callerOf, onUntold })
const openLink = linkHandler(ports)
const metrics = new Metrics()
const quota = requestQuota(new RequestQuota({ quotas: quotas(), clock }), callerOf)

const routes = (Object.keys(ROUTES) as RouteId[]).flatMap((id) =>
  pathsOf(ROUTES[id]).map((path) => ({ method: ROUTES[id].method as Method, path, handler: handlers[id] })),
)
const unknown = unknownRoute(Object.values(ROUTES))
const router = httpRouter({ routes, notFoundResponse: unknown })

type Middleware = middy.MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>

/** What every request passes. */
const door = (outer: Middleware[] = []) =>
  middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use(injectLambdaContext(log))
    .use(captureLambdaHandler(new Tracer()))
    .use(logMetrics(metrics, { captureColdStartMetric: true }))
    .before(() => void metrics.addMetric('Requests', MetricUnit.Count, 1))
    .use(outer)
    .use(problemDetails({ logger: log }))
    .use(requestLog({ logger: log }))

const answerJob = callbackHandler(ports)
const behindCallback = door().use(limitBody()).use(httpHeaderNormalizer()).handler(answerJob)

const behindLink = door().use(limitBody()).use(httpHeaderNormalizer()).handler(openLink)

const routed = door([quota.tell])
  .use(knownCaller(callerOf))
  .use(quota.count)
  .use(limitBody())
  .use(httpHeaderNormalizer())
  .use(jsonBody())
  .handler((event, context) =>
    // The router ignores a trailing slash: it would serve `/agents/`, from a client with an empty id, as `/agents`.
    event.routeKey.endsWith(OTHER_REQUESTS) ? unknown(event.requestContext.http) : router(event, context),
  )

/** Who opens a link, or answers for an outside job, is nobody whom a door knows. */
export const handler = (
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> => {
  if (isForLink(event)) return behindLink(event, context)
  return isForCallback(event) ? behindCallback(event, context) : routed(event, context)
}
