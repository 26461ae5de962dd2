/** The writer of the audit, for those who may not append themselves. */
export type AuditWriter = {
  /** Has the noted calls of a tenant appended. False where that has taken too long, or has failed: the schedule appends them within a minute or two. */
  appendFor(tenant: string): Promise<boolean>
}
