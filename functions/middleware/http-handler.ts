import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { z } from 'zod'
import type { Route } from '../../shared/contracts/route.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { describeIssues, issuesOfZod } from '../../shared/domain/issue.ts'
import { isJsonObject } from '../../shared/domain/json.ts'

type Event = APIGatewayProxyEventV2 & { body?: unknown }

/** Everyone who may call is one tenant until callers have identities of their own. */
const TENANT = 'default'

/** A route and its use case as a Lambda handler: parse once at the edge, call, answer JSON. */
export function httpHandler<Input extends z.ZodType, Output extends z.ZodType>(
  route: Route<Input, Output>,
  useCase: (input: z.output<Input> & { tenant: string }) => Promise<z.input<Output>>,
): (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2> {
  return async (event) => {
    const input = parseRequest(route, event)
    const output = await useCase({ ...(input as object), tenant: TENANT } as z.output<Input> & {
      tenant: string
    })
    return {
      statusCode: route.success.status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(output),
    }
  }
}

function parseRequest<Input extends z.ZodType>(route: Route<Input>, event: Event): z.output<Input> {
  const { path = [], query = [], headers = {} } = route.from ?? {}
  const body: unknown = event.body ?? {}
  if (!isJsonObject(body)) throw new OrchestratorError('InvalidInputError', 'the body must be a JSON object')
  const unknown = Object.keys(event.queryStringParameters ?? {}).filter((name) => !query.includes(name))
  const given = Object.fromEntries([
    ...Object.entries(body),
    ...unknown.map((name) => [name, event.queryStringParameters?.[name]]),
    ...query.map((name) => [name, event.queryStringParameters?.[name]]),
    ...path.map((name) => [name, event.pathParameters?.[name]]),
    ...Object.entries(headers).map(([name, header]) => [name, event.headers[header]]),
  ])
  const parsed = route.input.safeParse(withoutUndefined(given))
  if (parsed.success) return parsed.data
  const issues = issuesOfZod(parsed.error)
  throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}
