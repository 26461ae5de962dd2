import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { AgentIdSchema } from '../../../shared/domain/agent.ts'
import {
  givenName,
  isCalled,
  qualifiedName,
  seenBy,
  TENANT_PATTERN,
  tenantInName,
} from '../../../shared/domain/tenants.ts'

const tenants = fc.oneof(
  fc.constantFrom('default', 'acme', 'a', 'acme-2'),
  fc.stringMatching(new RegExp(`^${TENANT_PATTERN}$`)),
)
const names = fc.oneof(fc.constantFrom('acme', 'a', 'default'), fc.stringMatching(/^[a-z][a-z0-9_-]{0,47}$/))

it('qualifies names, so that no two tenants share one (tenants/N1)', () => {
  fc.assert(
    fc.property(tenants, names, tenants, names, (one, name, other, otherName) => {
      const qualified = qualifiedName(one, name)
      expect([givenName(qualified), isCalled(qualified, name)]).toEqual([name, true])
      expect(tenantInName(qualified) ?? 'default').toBe(one)
      const isSame = one === other && name === otherName
      expect(qualified === qualifiedName(other, otherName)).toBe(isSame)
    }),
  )
})

it.each(['acme/translator', 'a:b', '/a', 'a/', '~a', 'a#b'])('takes no id of an agent like %s', (id) => {
  expect(AgentIdSchema.safeParse(id).success).toBe(false)
})

const all = [
  { id: 'echo', origin: 'deployment' as const },
  { id: 'both', origin: 'deployment' as const },
  { id: 'of-default', origin: 'api' as const },
  { id: 'acme/both', origin: 'api' as const },
  { id: 'acme/own', origin: 'api' as const },
  { id: 'acme-2/own', origin: 'api' as const },
]

it.each([
  ['default', ['of-default', 'echo', 'both']],
  ['acme', ['acme/both', 'acme/own', 'echo']],
  ['acme-2', ['acme-2/own', 'echo', 'both']],
  ['ac', ['echo', 'both']],
])('%s sees its own, and what is common unless it has the name itself (tenants/N2)', (tenant, ids) => {
  expect(seenBy(tenant, all, ({ id }) => id).map(({ id }) => id)).toEqual(ids)
})
