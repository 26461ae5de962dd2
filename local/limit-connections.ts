import type { Server } from 'node:http'

/** In milliseconds, and a number of connections. */
export type ConnectionLimits = {
  /** From the connection, or the request before, to the end of a request's headers. */
  headersMilliseconds: number
  /** To the end of its body. */
  requestMilliseconds: number
  /** Between two requests. */
  idleMilliseconds: number
  connections: number
}

/** A request that takes longer comes from a client that is no more, or means no good. A file has 50 MB. */
const LIMITS: ConnectionLimits = {
  headersMilliseconds: 10_000,
  requestMilliseconds: 60_000,
  idleMilliseconds: 60_000,
  connections: 2_000,
}

/** How many times in the shortest of its times Node.js looks for connections that are over it. */
const LOOKS = 4
const MOST_MILLISECONDS = 1_000

/** Closes connections that are idle or slow, and takes no more than so many. To be called before the server listens. */
export function limitConnections(server: Server, given: Partial<ConnectionLimits> = {}): void {
  const { headersMilliseconds, requestMilliseconds, idleMilliseconds, connections } = { ...LIMITS, ...given }
  server.headersTimeout = headersMilliseconds
  server.requestTimeout = requestMilliseconds
  server.keepAliveTimeout = idleMilliseconds
  server.maxConnections = connections
  const shortest = Math.min(headersMilliseconds, requestMilliseconds)
  // Node.js reads it when the server begins to listen; by itself it looks every 30 s. Its types know it as an option only.
  Object.assign(server, { connectionsCheckingInterval: Math.min(MOST_MILLISECONDS, shortest / LOOKS) })
}
