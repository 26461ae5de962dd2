import { API_PREFIX, type Route } from '../contracts/route.ts'

/** The request for a route: each field of the input goes to path, query, header or body; undefined fields are left out. */
export function requestFor({ method, path, from = {} }: Route, input: object, baseUrl: string): Request {
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  const inPath = given.filter(([name]) => from.path?.includes(name))
  const inQuery = given.filter(([name]) => from.query?.includes(name))
  const inHeaders = given.flatMap(([name, value]) =>
    from.headers?.[name] ? [[from.headers[name], String(value)]] : [],
  )
  const outside = [...(from.path ?? []), ...(from.query ?? []), ...Object.keys(from.headers ?? {})]
  const body = Object.fromEntries(given.filter(([name]) => !outside.includes(name)))
  const filled = inPath.reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(String(value))),
    path,
  )
  const url = new URL(`${API_PREFIX}${filled}`, baseUrl)
  for (const [name, value] of inQuery) url.searchParams.set(name, String(value))
  const hasBody = method === 'POST' || method === 'PUT'
  return new Request(url, {
    method,
    headers: {
      accept: 'application/json',
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...Object.fromEntries(inHeaders),
    },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  })
}
