import { API_PREFIX, type Route } from '../../shared/contracts/route.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
import { fieldsOf, fieldTable } from './field-rows.ts'
import { code, generated, page, table } from './table.ts'

/** The text of docs/reference/http-api.md: the routes, and the fields of their requests. */
export function httpPage(): string {
  const routes: Route[] = Object.values(ROUTES)
  const tags = [...new Set(routes.map(({ tag }) => tag))]
  return page(
    '# HTTP API',
    generated('shared/contracts/routes.ts'),
    `The whole API. Paths are under \`${API_PREFIX}\`. The OpenAPI 3.1 document, with the schema of every answer, is at \`GET ${API_PREFIX}/openapi.json\` of each installation. Errors are problem documents (RFC 9457): [all of them](../errors.md). [How to call it](../how-to/call-the-api.md).`,
    ...tags.flatMap((tag) => [
      `## ${tag}`,
      table(
        ['request', 'what it does', 'answers', 'refuses with'],
        routes.filter((route) => route.tag === tag).map(row),
      ),
      ...routes.filter((route) => route.tag === tag).flatMap(fieldsOfRequest),
    ]),
  )
}

const row = ({ method, path, summary, success, problems = [] }: Route): string[] => [
  code(`${method} ${path || API_PREFIX}`),
  summary,
  String(success.status),
  [400, ...problems, 429].join(', '),
]

function fieldsOfRequest({ method, path, input, from = {} }: Route): string[] {
  const headers = Object.entries(from.headers ?? {}).map(
    ([name, header]) => `${code(name)} is the header ${code(header)}`,
  )
  const inQuery = (from.query ?? []).map((name) => `${code(name)} is in the query`)
  const fields = Object.entries(fieldsOf(input) ?? {}).filter(([name]) => !from.path?.includes(name))
  if (fields.length === 0) return []
  const where = [...headers, ...inQuery].join('; ')
  return [
    `${code(`${method} ${path || API_PREFIX}`)} takes${where === '' ? '' : ` (${where})`}:`,
    fieldTable(Object.fromEntries(fields)),
  ]
}
