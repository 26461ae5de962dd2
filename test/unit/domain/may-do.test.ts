import { describe, expect, it } from 'vitest'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { mayDo, SCOPES, type Scope } from '../../../shared/domain/caller.ts'

/** What each scope opens, written out: a change of the rule shows here. */
const OPENS: Readonly<Record<Scope, readonly Scope[]>> = {
  'tasks:read': ['tasks:read'],
  'tasks:write': ['tasks:read', 'tasks:write'],
  'tasks:approve': ['tasks:read', 'tasks:approve'],
  'agents:read': ['agents:read'],
  'agents:write': ['agents:read', 'agents:write'],
  'workflows:read': ['workflows:read'],
  'workflows:write': ['workflows:read', 'workflows:write'],
  'keys:write': ['keys:write'],
  'audit:read': ['audit:read'],
  admin: SCOPES,
}

describe('what a caller may do', () => {
  it.each(SCOPES)('with %s alone', (held) => {
    expect(SCOPES.filter((scope) => mayDo({ scopes: [held] }, scope))).toEqual(OPENS[held])
    expect(mayDo({ scopes: [held] }, 'any')).toBe(true)
  })

  it('is what any of its scopes opens, and without scopes what everyone may', () => {
    expect(mayDo({ scopes: ['agents:read', 'tasks:write'] }, 'tasks:read')).toBe(true)
    expect(mayDo({ scopes: ['agents:read', 'tasks:write'] }, 'tasks:approve')).toBe(false)
    expect(mayDo({ scopes: [] }, 'any')).toBe(true)
    expect(SCOPES.filter((scope) => mayDo({ scopes: [] }, scope))).toEqual([])
  })
})

describe('the scope of a route', () => {
  it.each(Object.values(ROUTES))(
    '$id: what changes something needs more than reading',
    ({ method, scope }) => {
      if (method !== 'GET') expect(scope).not.toBe('any')
      // A plan is computed and nothing is stored.
      const isRead = scope === 'any' || scope.endsWith(':read')
      // Which keys there are is known to those who make them.
      if (scope === 'keys:write') return
      expect(isRead).toBe(method === 'GET' || scope === 'workflows:read')
    },
  )
})
