/** The door for tokens and keys in a real account, by tokens of an issuer of one's own (docs/explanation/emulator.md). */
import { beforeAll, describe, it } from 'vitest'
import type { IdentityDoor } from '../scenarios/identity/identity-door.ts'
import { AFTER_A_MINUTE, IDENTITY } from '../scenarios/identity/lives.ts'
import { missingOf, openAccountDoor } from './identity-of-account.ts'

const missing = missingOf(process.env)

let door: IdentityDoor
beforeAll(async () => {
  if (missing.length === 0) door = await openAccountDoor(process.env)
})

describe('the door of the account for tokens and keys', () => {
  it.for([...IDENTITY, AFTER_A_MINUTE])('$name', ({ run }, { skip }) =>
    missing.length > 0 ? skip(`set ${missing.join(', ')}`) : run(door),
  )
})
