import type { Authorizer } from './authorizers.ts'

/** One API of the assembly. */
export type GatewayApi = {
  routes: GatewayRoute[]
  crossOrigin?: CrossOrigin | undefined
}

export type GatewayRoute = {
  method: string
  path: string
  functionArn: string
  /** The Lambda authorizer that finds the caller; without one the caller is this machine's user, or nobody in an API that has authorizers. */
  authorizer?: Authorizer
}

/** The API that the gateway serves of those that the assembly describes: the one with authorizers of its own, or the one without. */
export class ServedApi {
  readonly apis = new Map<string, GatewayApi>()
  /** While it starts, functions and machines may be missing: nothing is served. */
  isStarting = true
  /** Where it is served; undefined before it listens. */
  url: string | undefined
  readonly #asksForTokens: boolean

  constructor({ asksForTokens = false }: { asksForTokens?: boolean } = {}) {
    this.#asksForTokens = asksForTokens
  }

  /** Whether callers must show a token or a key. */
  get asksForTokens(): boolean {
    return this.#asksForTokens
  }

  /** Undefined where the assembly has no such API. */
  get api(): GatewayApi | undefined {
    return [...this.apis.values()].find(
      ({ routes }) => routes.some(({ authorizer }) => authorizer !== undefined) === this.#asksForTokens,
    )
  }
}

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
