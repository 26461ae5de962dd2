import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { partsOfKey } from '../../shared/domain/api-key.ts'
import { CliError } from '../cli-error.ts'
import { clientAt } from '../identity/client-at.ts'
import { baseUrl } from '../identity/credentials.ts'
import { keepProfile, type Profile, profilesFile } from '../identity/profiles.ts'
import { signInByBrowser, signInByDevice } from '../identity/sign-in.ts'
import { discover, requireSafe } from '../identity/tokens.ts'
import { say } from '../show/output.ts'
import { print, printError } from '../show/terminal.ts'

type Options = {
  device?: boolean
  key?: boolean
  iam?: boolean
  region?: string
  issuer?: string
  scope: string
  browser: boolean
}

export const USUAL_PROFILE = 'default'

export function loginCommand(): Command {
  return new Command('login')
    .description('Sign in, and keep the credentials of an address as a profile')
    .argument('[url]', 'of the API; ORCHESTRATOR_URL where it is not said')
    .option('--device', 'sign in on another device, by a code')
    .option('--no-browser', 'only print the address to sign in at')
    .option('--issuer <url>', 'which one, where the address has several')
    .option('--scope <text>', 'what the issuer is asked for', 'openid offline_access')
    .option('--key', 'keep an API key, from the input')
    .option('--iam', 'keep no credentials: requests are signed with those of AWS')
    .option('--region <name>', 'of the signatures, behind a domain of your own')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator login https://api.example.com --profile work\n  npx orchestrator list --profile work\n  npx orchestrator login https://api.example.com --key < key.txt',
    )
    .action(login)
}

async function login(given: string | undefined, options: Options): Promise<void> {
  const name = process.env.ORCHESTRATOR_PROFILE || USUAL_PROFILE
  const url = new URL(requireSafe(given ?? process.env.ORCHESTRATOR_URL ?? (await baseUrl()))).origin
  await keepProfile(name, await profileOf(url, options))
  say(`the profile "${name}" is for ${url}, in ${profilesFile()}: npx orchestrator list --profile ${name}`)
}

async function profileOf(url: string, options: Options): Promise<Profile> {
  const { key, iam, region, device, scope, browser } = options
  if (key) return { url, kind: 'key', key: await readKey() }
  if (iam || region) return { url, kind: 'iam', ...(region ? { region } : {}) }
  const client = await clientAt(url, options.issuer)
  const discovery = await discover(client.issuer)
  const asked = { clientId: client.client_id, audience: client.audience, scope }
  const tokens = device
    ? await signInByDevice(discovery, asked, (address, code) =>
        say(`sign in at ${address} with the code ${code}`),
      )
    : await signInByBrowser(discovery, asked, (address) => {
        print(`sign in at ${address}`)
        if (browser) openBrowser(address)
      })
  return { url, kind: 'oidc', issuer: client.issuer, clientId: client.client_id, tokens }
}

async function readKey(): Promise<string> {
  if (process.stdin.isTTY) printError('paste the key, then Enter and Ctrl-D:')
  const key = (await text(process.stdin)).trim()
  if (partsOfKey(key)) return key
  throw new CliError('the input is no key, which is orc_<id>_<secret>')
}

/** What cannot be opened was printed anyway. Without a shell, which would read the address as a command. */
function openBrowser(url: string): void {
  const [command, ...args]: string[] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url]
  spawn(String(command), args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref()
}
