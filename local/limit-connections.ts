import type { Server } from 'node:http'

/** Times in milliseconds, and a number of connections. */
export type ConnectionLimits = {
  /** From the connection, or the request before, to the end of a request's headers. */
  headersMilliseconds: number
  /** To the end of a request's body. */
  requestMilliseconds: number
  /** Between two requests. */
  idleMilliseconds: number
  connections: number
}

/** A slower request comes from a dead or hostile client. Uploads have up to 50 MB. */
const LIMITS: ConnectionLimits = {
  headersMilliseconds: 10_000,
  requestMilliseconds: 60_000,
  idleMilliseconds: 60_000,
  connections: 2_000,
}

/** Node.js checks connections this many times within the shortest limit. */
const LOOKS = 4
const MOST_MILLISECONDS = 1_000

/** Closes idle and slow connections and limits their number. Must be called before the server listens. */
export function limitConnections(server: Server, given: Partial<ConnectionLimits> = {}): void {
  const { headersMilliseconds, requestMilliseconds, idleMilliseconds, connections } = { ...LIMITS, ...given }
  server.headersTimeout = headersMilliseconds
  server.requestTimeout = requestMilliseconds
  server.keepAliveTimeout = idleMilliseconds
  server.maxConnections = connections
  const shortest = Math.min(headersMilliseconds, requestMilliseconds)
  // Node.js reads this when the server begins to listen; its default is 30 s. Its types have it only as an option of the constructor.
  Object.assign(server, { connectionsCheckingInterval: Math.min(MOST_MILLISECONDS, shortest / LOOKS) })
}
