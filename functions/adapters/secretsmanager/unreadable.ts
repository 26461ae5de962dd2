import { OrchestratorError } from '../../../shared/domain/errors.ts'

const NOT_THERE = 'there is none of this name in this region: make it'
const MAY_NOT =
  'the function may not read it: deploy the stage that names it; a key of your own (KMS) has to allow this role'
const DEFINITE: Readonly<Record<string, string>> = {
  ResourceNotFoundException: NOT_THERE,
  ParameterNotFound: NOT_THERE,
  AccessDeniedException: MAY_NOT,
  DecryptionFailure: 'it could not be decrypted: its key (KMS) has to allow the role of this function',
  InvalidKeyId: 'it could not be decrypted: its key (KMS) has to allow the role of this function',
  InvalidRequestException: 'it cannot be read now: it may be marked for deletion',
}

/** What passes by itself, such as throttling, is returned as it is. `holds` says what the text of the secret is. */
export function unreadable(secret: string, error: unknown, holds: string): unknown {
  const { name: code = '', message = '' } = error as { name?: string; message?: string }
  const told = Object.hasOwn(DEFINITE, code) ? DEFINITE[code] : undefined
  if (told === undefined) return error
  const why = told === NOT_THERE ? `${told}, with ${holds} as its text` : told
  return new OrchestratorError('ConfigError', `${secret}: ${why} (${code}: ${message})`)
}
