import { type Caller, DEFAULT_TENANT, SCOPES } from '../../../shared/domain/caller.ts'

/** The user of this machine: of the default tenant, with every scope; answers on behalf of whom it says. */
export const CALLER: Caller = { ...callerOf(DEFAULT_TENANT), kind: 'local' }

/** A caller of IAM. */
export function callerOf(tenant: string): Caller {
  return { tenant, subject: `arn:aws:iam::123456789012:user/${tenant}`, kind: 'iam', scopes: SCOPES }
}
