import { ComponentSchemas, type JsonSchema } from './component-schemas.ts'
import { ProblemSchema } from './problem-view.ts'
import { API_PREFIX, type Route } from './route.ts'

type Part = Record<string, unknown>

export function makeOpenApi(routes: readonly Route[], version: string): Part {
  const schemas = new ComponentSchemas()
  for (const { id, success } of routes) schemas.add(success.output, 'output', id)
  const paths: Record<string, Part> = {}
  for (const route of routes) {
    const path = `${API_PREFIX}${route.path}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, routes, schemas) }
  }
  const problem = { 'application/problem+json': { schema: schemas.add(ProblemSchema, 'output', 'problem') } }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Orchestrator',
      version,
      description: 'Tasks, agents, workflows and plans.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'Where this document was found' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.all(),
      responses: Object.fromEntries(
        [...new Set(routes.flatMap(statusesOf))].map((status) => [
          nameOfResponse(status),
          {
            description: TITLES[status],
            ...(status === 429 ? { headers: LIMIT_HEADERS } : {}),
            content: [401, 403].includes(status) ? { ...REFUSED_BY_GATEWAY, ...problem } : problem,
          },
        ]),
      ),
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4, service execute-api',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'At the address for tokens and keys: an access token of an issuer of the stage, or an API key',
        },
      },
    },
  }
}

const TAGS: Readonly<Record<string, string>> = {
  tasks: 'What is submitted and followed',
  files: 'What tasks work on',
  agents: 'Who does the steps',
  workflows: 'Which steps a task has',
  keys: 'What callers without an account of AWS show',
  plans: 'What would be done',
  usage: 'What tenants may use, and have used',
  audit: 'Who has changed what',
  service: 'The API itself',
}

/** Titles of problem documents by status, as RFC 9110 names them. */
export const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** What answers to tenants with quotas say, if not those of the gateway's own limit; `RateLimit` and its policy are in every other answer too. */
const LIMIT_HEADERS = {
  'Retry-After': {
    description: 'Seconds until the quota begins anew, where it does',
    schema: { type: 'integer', minimum: 1 },
  },
  'RateLimit-Policy': {
    description: 'Requests of a minute that the tenant may send, e.g. `"requests";q=600;w=60`',
    schema: { type: 'string' },
  },
  RateLimit: {
    description: 'How many are left, and the seconds until the next minute, e.g. `"requests";r=412;t=23`',
    schema: { type: 'string' },
  },
}

/** API Gateway's own response to a request without a signature or a token, which is no problem document; a missing scope is told by one. */
const REFUSED_BY_GATEWAY = {
  'application/json': { schema: { type: 'object', properties: { message: { type: 'string' } } } },
}

/** The open door of the local cloud asks for nothing; others require a signature, a token or a key. What is in brackets is the scope that the caller must hold. */
const securityOf = ({ scope }: Route): Part[] => {
  const scopes = scope === 'any' ? [] : [scope]
  return [{}, { sigv4: scopes }, { bearer: scopes }]
}

/** Statuses that every route may answer, from the gateway or from the common middleware. */
const ALWAYS = [400, 401, 403, 413, 429, 500, 503, 504]
const ALWAYS_OF_BODIES = 415

/** The statuses of a route's problem documents, ascending. */
function statusesOf({ method, problems = [] }: Route): number[] {
  const ofBody = method === 'POST' || method === 'PUT' ? [ALWAYS_OF_BODIES] : []
  return [...new Set([...ALWAYS, ...ofBody, ...problems])].sort((a, b) => a - b)
}

function operation(route: Route, routes: readonly Route[], schemas: ComponentSchemas): Part {
  const input = schemas.add(route.input, 'input', route.id) as JsonSchema & {
    properties?: Record<string, JsonSchema>
  }
  const { path = [], query = [], headers = {} } = route.from ?? {}
  const outside = new Set([...path, ...query, ...Object.keys(headers)])
  const body = Object.fromEntries(
    Object.entries(input.properties ?? {}).filter(([name]) => !outside.has(name)),
  )
  const hasBody = (route.method === 'POST' || route.method === 'PUT') && Object.keys(body).length > 0
  const parameter = (name: string, where: string, as = name) => {
    const { description, ...schema } = input.properties?.[name] ?? {}
    return {
      name: as,
      in: where,
      required: where === 'path',
      schema,
      ...(description === undefined ? {} : { description }),
    }
  }
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    security: securityOf(route),
    parameters: [
      ...path.map((name) => parameter(name, 'path')),
      ...query.map((name) => parameter(name, 'query')),
      ...Object.entries(headers).map(([name, header]) => parameter(name, 'header', header)),
    ],
    ...(hasBody ? { requestBody: requestBody(route, { ...input, properties: body }, schemas) } : {}),
    responses: responses(route, linksFrom(route, routes), schemas),
  }
}

function requestBody({ id, from = {} }: Route, input: JsonSchema, schemas: ComponentSchemas): Part {
  const { required = [], ...schema } = input
  const { path = [], query = [], headers = {} } = from
  const outside = new Set([...path, ...query, ...Object.keys(headers)])
  const inside = (required as string[]).filter((name) => !outside.has(name))
  const name = `${id[0]?.toUpperCase()}${id.slice(1)}Body`
  const body = schemas.name(name, { ...schema, ...(inside.length > 0 ? { required: inside } : {}) })
  return {
    // The body is also required when one of several members must be present.
    required: inside.length > 0 || schema.else !== undefined,
    content: { 'application/json': { schema: body } },
  }
}

/** The redirect for an answer that exceeds Lambda's response limit. */
const ELSEWHERE = {
  description: 'The response exceeds 6 MB: this URL has the same JSON, for five minutes',
  headers: { Location: { required: true, schema: { type: 'string', format: 'uri' } } },
}

const WHERE = {
  description: 'The path of the created resource',
  required: true,
  schema: { type: 'string', format: 'uri-reference' },
}

function responses(route: Route, links: Part, schemas: ComponentSchemas): Part {
  const { id, method, success } = route
  const { name = `${id}Output` } = success
  const schema = schemas.name(name, schemas.add(success.output, 'output', id))
  const content = { 'application/json': { schema } }
  return {
    [success.status]: {
      description: success.description,
      ...(success.location ? { headers: { Location: WHERE } } : {}),
      content,
      ...(Object.keys(links).length > 0 ? { links } : {}),
    },
    ...(method === 'GET' ? { 303: ELSEWHERE } : {}),
    ...Object.fromEntries(
      statusesOf(route).map((status) => [
        status,
        { $ref: `#/components/responses/${nameOfResponse(status)}` },
      ]),
    ),
  }
}

/** Which member of a response is the id for the paths that begin with `under`. */
const IDS: Readonly<Record<string, readonly [under: string, parameter: string, member: string]>> = {
  submitTask: ['/tasks/{id}', 'id', '/taskId'],
  forkTask: ['/tasks/{id}', 'id', '/taskId'],
  registerAgent: ['/agents/{id}', 'id', '/id'],
  putWorkflow: ['/workflows/{name}', 'name', '/name'],
}

/** OpenAPI links from the resource that a route has created to the routes that read or change it. */
function linksFrom({ id }: Route, routes: readonly Route[]): Part {
  const known = IDS[id]
  if (!known) return {}
  const [under, parameter, member] = known
  const next = routes.filter(
    ({ path, from }) => path.startsWith(under) && from?.path?.length === 1 && from.path[0] === parameter,
  )
  return Object.fromEntries(
    next.map((route) => [
      route.id,
      { operationId: route.id, parameters: { [parameter]: `$response.body#${member}` } },
    ]),
  )
}

const nameOfResponse = (status: number): string => (TITLES[status] ?? String(status)).replaceAll(' ', '')
