import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ListTasksSchema } from '../../../shared/contracts/list-requests.ts'

const metadataOf = (metadata: string) => ListTasksSchema.parse({ metadata }).metadata
const escaped = (text: string): string => text.replace(/[,=\\]/g, '\\$&')

describe('metadata in a query', () => {
  it.each<[string, [string, string][]]>([
    ['team=research', [['team', 'research']]],
    [
      'team=research,env=prod',
      [
        ['team', 'research'],
        ['env', 'prod'],
      ],
    ],
    ['url=http://x/?a=b', [['url', 'http://x/?a=b']]],
    ['empty=', [['empty', '']]],
    ['a\\,b\\=c=d\\,e\\\\', [['a,b=c', 'd,e\\']]],
    ['a\\\nb=c\\\rd\\\u2028', [['a\nb', 'c\rd\u2028']]],
  ])('%s', (text, pairs) => expect(metadataOf(text)).toEqual(pairs))

  it.each(['', 'team', '=x', 'a=b,', ',a=b', 'a=b,c', 'a=b\\'])('%j is refused', (metadata) => {
    const { error } = ListTasksSchema.safeParse({ metadata })
    expect(error?.issues[0]?.message).toContain('it is written name=value')
  })

  it('can name anything', () => {
    const pair = fc.tuple(
      fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
      fc.string({ maxLength: 20, unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 5 }), (pairs) => {
        const text = pairs.map((one) => one.map(escaped).join('=')).join(',')
        expect(metadataOf(text)).toEqual(pairs)
      }),
    )
  })
})

describe('a list', () => {
  it('says of children only what it was asked: by default the status decides', () => {
    expect(ListTasksSchema.parse({})).toEqual({ limit: 20 })
    expect(ListTasksSchema.parse({ children: 'true', limit: '5', version: '2' })).toEqual({
      children: true,
      limit: 5,
      version: 2,
    })
  })

  it.each([
    { children: 'yes' },
    { version: '0' },
    { version: '1e1' },
    { id: 'x' },
    { from: 'today' },
    { parent: 't_' },
  ])('%j is refused', (query) => expect(ListTasksSchema.safeParse(query).success).toBe(false))
})
