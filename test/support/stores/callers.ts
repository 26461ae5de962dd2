import { type Caller, DEFAULT_TENANT, SCOPES } from '../../../shared/domain/caller.ts'

/** The caller of a request to the API: of the default tenant, with every scope. */
export const CALLER: Caller = callerOf(DEFAULT_TENANT)

export function callerOf(tenant: string): Caller {
  return { tenant, subject: `arn:aws:iam::123456789012:user/${tenant}`, kind: 'iam', scopes: SCOPES }
}
