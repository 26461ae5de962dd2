import { Command } from 'commander'
import { findProfile, keepProfile } from '../identity/profiles.ts'
import { say } from '../show/output.ts'
import { USUAL_PROFILE } from './login.ts'

export function logoutCommand(): Command {
  return new Command('logout')
    .description('Forget the credentials of a profile')
    .addHelpText('after', '\nExamples:\n  npx orchestrator logout --profile work')
    .action(logout)
}

async function logout(): Promise<void> {
  const name = process.env.ORCHESTRATOR_PROFILE || USUAL_PROFILE
  const { kind, url } = await findProfile(name)
  await keepProfile(name, undefined)
  const rest = kind === 'key' ? '; the key itself is still valid: npx orchestrator keys revoke <id>' : ''
  say(`the profile "${name}" (${url}) is forgotten${rest}`)
}
