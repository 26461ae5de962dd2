import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { isJsonObject } from '../../../shared/domain/json.ts'
import {
  type QuotaName,
  type QuotasOfTenant,
  QuotasSchema,
  quotasOf,
  type Tenants,
  type WrittenQuotas,
} from '../../../shared/domain/quotas.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'

/** The quotas that the stage says, by tenant; those of them that this function needs. */
export const tenants = (): Tenants =>
  once('quotas of tenants', () => {
    const { TENANT_QUOTAS: text } = environment()
    return text === undefined ? {} : readTenants(text)
  })

/** The quotas that hold for a tenant. */
export const quotasOfTenant = (tenant: string): QuotasOfTenant =>
  quotasOf(tenants(), tenant, { concurrency: environment().TENANT_CONCURRENCY })

/** What infra has written. Quotas that a later release may add are passed over (environment/V2). Throws ConfigError. */
export function readTenants(text: string): Tenants {
  const parsed = jsonIn(text)
  if (!isJsonObject(parsed)) {
    const message = 'the variable TENANT_QUOTAS is not what a deployment writes: deploy again'
    throw new OrchestratorError('ConfigError', message)
  }
  return Object.fromEntries(
    Object.entries(parsed).flatMap(([tenant, quotas]) =>
      isJsonObject(quotas) ? [[tenant, knownIn(quotas)]] : [],
    ),
  )
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function knownIn(quotas: Record<string, unknown>): WrittenQuotas {
  const known = Object.entries(quotas).filter(
    ([name, value]) =>
      Object.hasOwn(QuotasSchema.shape, name) &&
      QuotasSchema.shape[name as QuotaName].safeParse(value).success,
  )
  return Object.fromEntries(known)
}
