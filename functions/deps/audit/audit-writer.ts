import type { AuditWriter } from '../../../shared/ports/audit-writer.ts'
import { lambdaAuditWriter } from '../../adapters/lambda/audit-writer.ts'
import { lambda } from '../clients.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'
import { logger } from '../platform.ts'

export const auditWriter = (): AuditWriter =>
  once('auditWriter', () =>
    lambdaAuditWriter({
      client: lambda(),
      functionName: environment().AUDIT_FUNCTION ?? '',
      onFailed: (reason) =>
        logger().warn('the writer of the audit has not answered', { reason: String(reason) }),
    }),
  )
