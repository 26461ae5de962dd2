import type { EndedDeletion, TenantDeletion } from '../domain/tenant-deletion.ts'
import type { IsTimeUp } from './deletions.ts'

/** A record of the registry that is a tenant's. */
export type OwnRecord = { pk: string; sk: string }

/** A page of what a tenant has in the registry; `cursor` is undefined on the last. */
export type OwnRecords = {
  records: OwnRecord[]
  /** The qualified names of the workflows among them. */
  workflows: string[]
  cursor?: string
}

/** The deletion of tenants: a record of its progress, and what it takes to find what is a tenant's. */
export type Tenants = {
  /** Strongly consistent. */
  findDeletion(tenant: string): Promise<TenantDeletion | EndedDeletion | undefined>
  /** False where the tenant is being deleted already. */
  beginDeletion(deletion: TenantDeletion): Promise<boolean>
  /** Those that have not ended. Eventually consistent. */
  listDeletions(): Promise<TenantDeletion[]>
  /** Replaces a deletion by a conditional write; false when it was written since that revision, or has ended. */
  saveDeletion(deletion: TenantDeletion): Promise<boolean>
  /** Puts numbers in the place of a deletion, under a digest of the name, until `until` (ISO 8601); false as `saveDeletion`. */
  endDeletion(deletion: TenantDeletion, ended: EndedDeletion, until: string): Promise<boolean>
  /** What the tenant has in the registry but its audit: a page of a pass over the whole registry. */
  listRecords(tenant: string, cursor?: string): Promise<OwnRecords>
  removeRecords(records: readonly OwnRecord[]): Promise<void>
  /** Removes its uploads, files of its tasks and its queue. False where the time was up before the end; repeated, it goes on. */
  eraseFiles(tenant: string, isTimeUp: IsTimeUp): Promise<boolean>
}

export const isUnderWay = (found: TenantDeletion | EndedDeletion | undefined): found is TenantDeletion =>
  found !== undefined && 'revision' in found
