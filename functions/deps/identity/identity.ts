import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { IdentitySchema, type IdentitySettings } from '../../../shared/domain/identity-settings.ts'
import type { Tokens } from '../../../shared/ports/tokens.ts'
import { keySets } from '../../adapters/oidc/key-sets.ts'
import { oidcTokens } from '../../adapters/oidc/tokens.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'
import { clock } from '../platform.ts'

/** What the stage says of issuers and keys. Throws ConfigError for a variable that cannot be read. */
export const identity = (): IdentitySettings =>
  once('identity', () => {
    try {
      return IdentitySchema.parse(JSON.parse(environment().IDENTITY ?? ''))
    } catch (error) {
      const message = 'the variable IDENTITY is not what a deployment writes: deploy again'
      throw new OrchestratorError('ConfigError', message, {}, error)
    }
  })

export const tokens = (): Tokens =>
  once('tokens', () => {
    const now = () => clock.now().getTime()
    return oidcTokens({ issuers: identity().issuers, keys: keySets({ fetch: globalThis.fetch, now }), now })
  })
