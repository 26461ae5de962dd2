/** The API that the gateway serves, as the assembly describes it. While it starts, functions and machines may be missing: nothing is served. */
export type GatewayApi = {
  routes: GatewayRoute[]
  crossOrigin?: CrossOrigin | undefined
  isStarting?: boolean
}

export type GatewayRoute = { method: string; path: string; functionArn: string }

/** What pages of other origins may do (CORS). */
export type CrossOrigin = {
  origins: readonly string[]
  methods: readonly string[]
  headers: readonly string[]
  exposed: readonly string[]
  maxAgeSeconds: number
}

export type Matched = { route: GatewayRoute; parameters: Record<string, string> }

/** The most specific route: a literal segment beats a parameter, and that a greedy one (`{proxy+}`), as in API Gateway. */
export function matchRoute(
  routes: readonly GatewayRoute[],
  method: string,
  path: string,
): Matched | undefined {
  const segments = path.split('/')
  const fitting = routes.filter((route) => route.method === method && fits(route, segments))
  const [route] = fitting.sort((a, b) => vagueness(a) - vagueness(b))
  if (!route) return undefined
  const parameters = route.path.split('/').flatMap((part, index): [string, string][] => {
    if (isGreedy(part)) return [[part.slice(1, -2), decodeURIComponent(segments.slice(index).join('/'))]]
    return part.startsWith('{') ? [[part.slice(1, -1), decodeURIComponent(segments[index] ?? '')]] : []
  })
  return { route, parameters: Object.fromEntries(parameters) }
}

const isGreedy = (part: string | undefined): boolean => part?.endsWith('+}') === true

function fits({ path }: GatewayRoute, segments: readonly string[]): boolean {
  const parts = path.split('/')
  const greedy = isGreedy(parts.at(-1))
  return (
    (greedy ? parts.length <= segments.length : parts.length === segments.length) &&
    parts.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]))
  )
}

/** A greedy parameter is vaguer than any number of others. */
const vagueness = ({ path }: GatewayRoute): number =>
  path.split('{').length + (path.endsWith('+}') ? 1_000 : 0)
