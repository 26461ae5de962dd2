import { type Caller, DEFAULT_TENANT } from '../shared/domain/caller.ts'

/** The caller that submits, answers and cancels the tasks of tests. */
export const CALLER: Caller = { tenant: DEFAULT_TENANT, subject: 'test', kind: 'local', scopes: ['admin'] }
