import { CliError } from '../cli-error.ts'
import { findProfile, type Profile } from './profiles.ts'
import { freshTokens } from './tokens.ts'

const DEFAULT_URL = 'http://localhost:8000'
/** Host names of API Gateway, which contain the region; an emulator's do not. */
const EXECUTE_API = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/
const LOCAL = /^(localhost|127\.[\d.]+|\[::1\])$/

/** The address of the API: what the environment says, else the profile, else this machine. Throws CliError for one that is none. */
export async function baseUrl(): Promise<string> {
  const url = process.env.ORCHESTRATOR_URL || (await chosenProfile())?.url || DEFAULT_URL
  // "localhost:8000" would parse as a URL with the scheme "localhost".
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url
  throw new CliError(`ORCHESTRATOR_URL is "${url}", which is not a URL; an example is ${DEFAULT_URL}`)
}

/** Whether the API is that of a local cloud on this machine. */
export const isLocalUrl = (url: string): boolean => LOCAL.test(new URL(url).hostname)

async function chosenProfile(): Promise<(Profile & { name: string }) | undefined> {
  const name = process.env.ORCHESTRATOR_PROFILE
  return name ? { name, ...(await findProfile(name)) } : undefined
}

/**
 * A request with the user's credentials: a key or a token of the environment, else those of the profile, else a signature where the address is API Gateway's or a region is said.
 * Throws CliError where they cannot be had, or would be shown to somebody else.
 */
export async function withCredentials(request: Request): Promise<Request> {
  const { ORCHESTRATOR_KEY: key, ORCHESTRATOR_TOKEN: token } = process.env
  if (key && token)
    throw new CliError(
      'ORCHESTRATOR_KEY and ORCHESTRATOR_TOKEN are both set: one of them is shown, so unset the other',
    )
  const bearer = key || token
  if (bearer) return bearing(request, bearer)
  const profile = await chosenProfile()
  // A profile's credentials are for its own address.
  if (profile && new URL(profile.url).origin === new URL(request.url).origin) {
    if (profile.kind === 'key') return bearing(request, profile.key ?? '')
    if (profile.kind === 'oidc') return bearing(request, (await freshTokens(profile.name, profile)).access)
    return signed(request, profile.region)
  }
  if (profile) {
    const message = `the profile "${profile.name}" is for ${profile.url}, and ORCHESTRATOR_URL is another address: unset one of them`
    throw new CliError(message)
  }
  return signed(request, undefined)
}

/** Only over TLS, or to this machine: whoever reads it on the way could use it. */
function bearing(request: Request, secret: string): Request {
  const { protocol, host } = new URL(request.url)
  if (protocol !== 'https:' && !isLocalUrl(request.url))
    throw new CliError(
      `${host} is not asked by https: a key or a token is not sent there, where it could be read on the way`,
    )
  // A line break would be a second header; fetch would tell the secret in its error.
  if (!/^[\x21-\x7e]+$/.test(secret))
    throw new CliError('the key or token has characters that none has: copy it anew')
  const headers = new Headers(request.headers)
  headers.set('authorization', `Bearer ${secret}`)
  return new Request(request, { headers })
}

/** Signs (SigV4) for API Gateway, also behind a domain of one's own: its region is said then. */
async function signed(request: Request, ofProfile: string | undefined): Promise<Request> {
  const { hostname } = new URL(request.url)
  const [, ofHost] = EXECUTE_API.exec(hostname) ?? []
  const said = ofProfile ?? process.env.ORCHESTRATOR_REGION
  if (!said && !hostname.includes('.execute-api.')) return request
  const region = ofHost ?? said ?? process.env.AWS_REGION ?? 'us-east-1'
  const [{ AwsClient }, { fromNodeProviderChain }] = await Promise.all([
    import('aws4fetch'),
    import('@aws-sdk/credential-providers'),
  ])
  const credentials = await fromNodeProviderChain()().catch((error: Error) => {
    throw new CliError(
      `requests to ${hostname} are signed with your AWS credentials, and there are none: ${error.message}`,
    )
  })
  return new AwsClient({ ...credentials, service: 'execute-api', region }).sign(request)
}
