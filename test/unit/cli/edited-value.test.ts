import { describe, expect, it } from 'vitest'
import { withChanges } from '../../../cli/input/edited-value.ts'
import type { Json } from '../../../shared/domain/json.ts'

const LETTER = { title: 'Rivers', lines: [{ text: 'one' }, { text: 'two' }], pages: 2 }

describe('--set path=value', () => {
  it.each<[string[], object]>([
    [['title=Lakes'], { title: 'Lakes' }],
    [['pages=3'], { pages: 3 }],
    [['pages="3"'], { pages: '3' }],
    [['title='], { title: '' }],
    [['lines[1].text=a=b'], { lines: [{ text: 'one' }, { text: 'a=b' }] }],
    [['note={"x":1}', 'note.x=2'], { note: { x: 2 } }],
  ])('%j', (changes, changed) => {
    expect(withChanges(LETTER, changes)).toEqual({ ...LETTER, ...changed })
    expect(LETTER.title).toBe('Rivers')
  })

  it('sets a member of any name as the value’s own', () => {
    const changed = withChanges({}, ['__proto__={"polluted":true}'])
    expect(Object.entries(changed as object)).toEqual([['__proto__', { polluted: true }]])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it.each<[Json, string, string]>([
    [LETTER, 'title', '--set is path=value'],
    [LETTER, '=x', '--set is path=value'],
    [LETTER, 'a..b=x', '--set is path=value'],
    [LETTER, 'titel.x=1', 'there is no "titel"; did you mean "title"?'],
    [LETTER, 'title.x=1', 'there is no "x"'],
    [LETTER, 'lines[2]=1', 'its list has 2 items, and none at [2]'],
    [LETTER, 'title[0]=1', 'there is no list, and none at [0]'],
  ])('of %j refuses %s', (value, change, told) => {
    expect(() => withChanges(value, [change])).toThrow(told)
  })
})
