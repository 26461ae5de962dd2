import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { portablePattern } from '../../../shared/contracts/portable-pattern.ts'

/** Characters that the classes of some language take otherwise than those of another. */
const CHARACTERS = [
  ...'aZ_5- .\t\n\v\f\r',
  ...'é٣५߁\u00a0\u0085\u001c\u001f\u1680\u180e\u2003\u2028\u2029\u200b\u202f\u3000\ufeffẞ',
]
const PATTERNS = [
  '^\\d+$',
  '^[\\d:.]+$',
  '^\\D+$',
  '^[\\w-]{1,3}$',
  '^\\w+$',
  '^\\W+$',
  '^[^\\s]+$',
  '^\\S+$',
  '^\\s*\\{%[\\s\\S]*%\\}\\s*$',
  '^[^.[\\]{}%\\s]$',
  '^a\\.b\\\\d$',
]

describe('a portable pattern', () => {
  it.each(PATTERNS)('%s matches the same texts', (pattern) => {
    const [own, written] = [new RegExp(pattern, 'u'), new RegExp(portablePattern(pattern), 'u')]
    const text = fc.string({ unit: fc.constantFrom(...CHARACTERS, '{', '%', '}', '\\'), maxLength: 6 })
    fc.assert(fc.property(text, (one) => own.test(one) === written.test(one)))
  })

  it('matches in Python what it matches in JavaScript', ({ skip }) => {
    // A final newline, before which `$` matches in Python, is what an end is in the language, and no class.
    const texts = CHARACTERS.filter((one) => one !== '\n')
    const program =
      'import json,re,sys\npatterns,texts=json.load(sys.stdin)\nprint(json.dumps([[bool(re.search(p,t)) for t in texts] for p in patterns]))'
    const input = JSON.stringify([PATTERNS.map(portablePattern), texts])
    const { status, stdout } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' })
    if (status !== 0) skip('there is no Python here')
    expect(JSON.parse(stdout)).toEqual(
      PATTERNS.map((pattern) => texts.map((text) => new RegExp(pattern, 'u').test(text))),
    )
  })

  it.each(['^a.b$', '^[\\D]$', '^[a\\W]$', '^[\\S]$'])('cannot be made of %s', (pattern) => {
    expect(() => portablePattern(pattern)).toThrow('means other things in other languages')
  })

  it.each(['^[.]\\.[\\s\\S]$'.replace('[\\s\\S]', '\\.'), '[\\s\\S]*', '^\\p{L}\\u0041$'])(
    'leaves %s as it is',
    (pattern) => {
      expect(portablePattern(pattern)).toBe(pattern)
    },
  )
})
