/**
 * Who asks at the door for tokens and keys.
 *
 * Invariants (tests cite them):
 * door/D1 nobody is admitted by a header that is no bearer token, by a token of an issuer that the stage does not name, nor by a key where the stage takes none
 * door/D2 what is admitted holds for every route: it depends on the token alone
 * door/D3 a caller is admitted no longer than his token or key is valid
 */
import type { Admitted, Refused } from '../../contracts/caller-context.ts'
import { partsOfKey } from '../../domain/api-key.ts'
import type { IdentitySettings } from '../../domain/identity-settings.ts'
import type { Ports } from '../../ports/index.ts'
import type { Tokens } from '../../ports/tokens.ts'
import { verifyKey } from '../keys/verify-key.ts'
import { callerOfToken } from './caller-of-token.ts'

type Needs = Pick<Ports, 'keys' | 'ids' | 'clock'> & { tokens: Tokens; identity: IdentitySettings }

const BEARER = /^Bearer +([\w.~+/=-]+)$/i
/** API Gateway's limit for all headers is 10 KB. */
const MOST_CHARACTERS = 8_192

/** The caller behind an `Authorization` header, or why there is none. Throws UnavailableError where that cannot be known now. */
export const authorize =
  (ports: Needs) =>
  async (header: string): Promise<Admitted | Refused> => {
    const [, text] = (header.length <= MOST_CHARACTERS && BEARER.exec(header)) || []
    if (text === undefined)
      return {
        refused: `the header must be Authorization: Bearer <token or key>, of at most ${MOST_CHARACTERS} characters`,
      }
    return text.startsWith('orc_') ? callerOfKey(ports, text) : callerOf(ports, text)
  }

async function callerOfKey(ports: Needs, text: string): Promise<Admitted | Refused> {
  if (!ports.identity.keys) return { refused: 'this installation takes no keys' }
  if (partsOfKey(text) === undefined) return { refused: 'a key is orc_<id>_<secret>, as it was shown' }
  const key = await verifyKey(ports)(text)
  if (key === undefined) return { refused: 'the key is not known, has expired, or is revoked' }
  const { tenant, id, scopes, expiresAt } = key
  return { kind: 'key', tenant, subject: id, scopes, expires: Math.floor(Date.parse(expiresAt) / 1_000) }
}

async function callerOf({ tokens, identity }: Needs, text: string): Promise<Admitted | Refused> {
  if (identity.issuers.length === 0) return { refused: 'this installation takes keys, and no tokens' }
  const verified = await tokens.verifyToken(text)
  return 'refused' in verified ? verified : callerOfToken(verified)
}
