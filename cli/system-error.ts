import { boundedText } from '../shared/domain/bounded.ts'
import { CliError, EXIT } from './cli-error.ts'
import { whyNot } from './show/make-folder.ts'

type SystemError = Error & {
  code: string
  path?: string
  address?: string
  hostname?: string
  port?: number
}

/** Errors of the network, by the code of Node.js. */
const REFUSED: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed by the other side',
  EHOSTUNREACH: 'there is no way to that machine',
  ENETUNREACH: 'there is no way to that network',
  ENOTFOUND: 'no machine has that name',
  EAI_AGAIN: 'the name cannot be looked up now; is there a network?',
  ETIMEDOUT: 'it has not answered',
  EPIPE: 'the other side has closed it',
}
/** What this machine lacks, by the code of Node.js. */
const LACKING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine',
  ENOMEM: 'there is not enough memory',
  EBUSY: 'it is in use',
  EIO: 'the disk has failed',
  EFBIG: 'the file would become larger than it may',
  ELOOP: 'symbolic links lead in a circle',
}

/** What the operating system has refused, as a message without a stack trace; undefined for any other error. */
export function systemErrorOf(error: unknown): CliError | undefined {
  const found = innermost(error)
  if (found === undefined) return undefined
  const isOfNetwork = Object.hasOwn(REFUSED, found.code)
  const where = whereOf(found)
  const why = REFUSED[found.code] ?? LACKING[found.code]
  const told = why === undefined ? whyNot(found) : `${why} (${found.code})`
  // Without a reason of ours, the system's message names the place itself.
  const message = where === '' || told === boundedText(found.message) ? told : `${where}: ${told}`
  return new CliError(message, isOfNetwork ? EXIT.unreachable : EXIT.usage)
}

function whereOf({ path, hostname, address, port }: SystemError): string {
  const host = hostname ?? address
  if (host !== undefined) return port === undefined ? host : `${host}:${port}`
  return path ?? ''
}

/** Errors are often wrapped: in a cause, or as one of several attempts. */
function innermost(error: unknown, depth = 0): SystemError | undefined {
  if (!(error instanceof Error) || depth > MOST_WRAPPED) return undefined
  const inner = [error.cause, ...(error instanceof AggregateError ? error.errors : [])]
  for (const one of inner) {
    const found = innermost(one, depth + 1)
    if (found) return found
  }
  return isSystemError(error) ? error : undefined
}

const MOST_WRAPPED = 8

const isSystemError = (error: Error): error is SystemError =>
  'code' in error &&
  typeof error.code === 'string' &&
  /^E(?!RR_)[A-Z0-9_]+$/.test(error.code) &&
  'syscall' in error
