import { readFileSync } from 'node:fs'
import type { JWK } from 'jose'
import { type IdentityDoor, openIdentityDoor, waitMinute } from '../scenarios/identity/identity-door.ts'
import { signerOf } from '../scenarios/identity/signer.ts'

/** What the environment says of the door for tokens and keys. */
export type IdentityVariables = {
  /** The output `TokenApiUrl` of the deployment. */
  ORCHESTRATOR_TOKENS_URL?: string | undefined
  /** An issuer of the stage: its `iss`. */
  ORCHESTRATOR_ISSUER?: string | undefined
  /** The file with the private key (JWK) whose public half its `jwksUri` answers. */
  ORCHESTRATOR_ISSUER_KEY?: string | undefined
}

const NAMES = ['ORCHESTRATOR_TOKENS_URL', 'ORCHESTRATOR_ISSUER', 'ORCHESTRATOR_ISSUER_KEY'] as const

/** What of it is not there, by name. */
export const missingOf = (variables: IdentityVariables): string[] => NAMES.filter((name) => !variables[name])

/** Opens the door of an account by tokens that are signed here. Throws where the key cannot be read, or the door does not open. */
export function openAccountDoor(variables: IdentityVariables): Promise<IdentityDoor> {
  const { ORCHESTRATOR_TOKENS_URL: url = '', ORCHESTRATOR_ISSUER: issuer = '' } = variables
  const key = JSON.parse(readFileSync(variables.ORCHESTRATOR_ISSUER_KEY ?? '', 'utf8')) as JWK
  return signerOf(issuer, key).then((signer) =>
    openIdentityDoor({ url: new URL(url).origin, signer, passMinute: waitMinute }),
  )
}
