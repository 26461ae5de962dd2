import { isIP } from 'node:net'
import { FinalError, isAllowedHost, OrchestratorError } from 'orchestrator/agent'

/** Longer ones are refused by most servers. */
const MOST_URL = 4_000

/** What a stage allows beside public hosts, and the setting that says it; messages name that. */
export type AllowedBesides = { privateOrigins?: readonly string[]; setting?: string }

/**
 * The address of a request, if the stage allows it. Throws ConfigError in a stage without allowed hosts, InvalidInputError for what is no address of the
 * web, and FinalError for a host that is not allowed.
 */
export function checkUrl(
  text: string,
  allowed: readonly string[],
  { privateOrigins = [], setting = 'allowedHosts' }: AllowedBesides = {},
): URL {
  if (allowed.length + privateOrigins.length === 0)
    throw new OrchestratorError('ConfigError', noneAllowed(setting))
  if (text.length > MOST_URL) throw wrong(text, `has ${text.length} characters; at most ${MOST_URL} are sent`)
  if (!URL.canParse(text)) throw wrong(text, 'is no address; write it as https://api.example.com/path')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong(text, 'is neither https: nor http:')
  if (url.username !== '' || url.password !== '')
    throw wrong(url.host, 'has a user or password before the host; send the header authorization instead')
  if (url.hostname.endsWith('.')) throw wrong(url.host, 'ends in a dot; write the name without it')
  if (privateOrigins.includes(url.origin)) return url
  // The parser has turned every other form of an IPv4 address (decimal, octal, hexadecimal, short) into this one.
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0)
    throw wrong(url.host, 'is a number; a host is called by its name')
  if (isAllowedHost(url, allowed)) return url
  const told = `${url.protocol}//${url.host} is not among the hosts that this stage allows (${allowed.slice(0, 10).join(', ')}${allowed.length > 10 ? ', ...' : ''})`
  throw new FinalError(`${told}; add it to ${setting} of the stage and deploy`)
}

const noneAllowed = (setting: string): string =>
  `this stage allows no host to be called: name them in ${setting} of the stage, e.g. [api.example.com], and deploy`

const wrong = (what: string, why: string): OrchestratorError =>
  new OrchestratorError('InvalidInputError', `the address ${JSON.stringify(what.slice(0, 200))} ${why}`)
