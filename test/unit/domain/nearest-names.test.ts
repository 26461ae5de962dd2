import { expect, it } from 'vitest'
import { suggestNames } from '../../../shared/domain/nearest-names.ts'

const names = (count: number) =>
  Array.from({ length: count }, (_, at) => `name${String(at).padStart(2, '0')}`)

it('says how many known names a message leaves out', () => {
  expect(suggestNames('other', names(20))).toMatch(/^; known: name00, .*, name19$/)
  expect(suggestNames('other', names(23))).toMatch(/^; known: name00, .*, name19 and 3 more$/)
})
