import { expect, it } from 'vitest'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { requestOf } from '../../scenarios/identity/identity-door.ts'
import { OWNED } from '../../scenarios/identity/refusals.ts'

const owned = { taskId: `t_${'0'.repeat(26)}`, keyId: '0'.repeat(26) }

it.each(OWNED)('the request of %s, by which doors are tested, is refused for its caller alone', (id) => {
  const [, path, body = {}] = requestOf(id, owned)
  const values = path.split('/')
  const named = ROUTES[id].path
    .split('/')
    .flatMap((part, at): [string, string][] =>
      part.startsWith('{') ? [[part.slice(1, -1), values[at] ?? '']] : [],
    )
  const { error } = ROUTES[id].input.safeParse({ ...Object.fromEntries(named), ...body })
  expect(error?.issues).toBeUndefined()
})
