import { describe, expect, it } from 'vitest'
import {
  ANYBODY,
  type Identity,
  maybeSame,
  nameOfIdentity,
  withIdentities,
} from '../../../shared/domain/identity.ts'

const ada: Identity = { kind: 'oidc', subject: 'ada', issuer: 'https://a' }
const inAccount = (kind: 'sts' | 'iam', rest: string): Identity => ({
  kind: 'iam',
  subject: `arn:aws:${kind}::123456789012:${rest}`,
})

describe('maybeSame', () => {
  it.each<[string, boolean, Identity, Identity]>([
    ['a subject of one issuer', true, ada, ada],
    ['of two issuers', false, ada, { ...ada, issuer: 'https://b' }],
    ['of an issuer that was not kept', true, ada, { kind: 'oidc', subject: 'ada' }],
    ['sessions of a role', true, inAccount('sts', 'assumed-role/r/a'), inAccount('sts', 'assumed-role/r/b')],
    [
      'a role and a user of its name',
      false,
      inAccount('sts', 'assumed-role/r/a'),
      inAccount('iam', 'user/r'),
    ],
    ['a user under another path', true, inAccount('iam', 'user/x/ada'), inAccount('iam', 'user/ada')],
    ['a federated user and a user', true, inAccount('sts', 'federated-user/x'), inAccount('iam', 'user/ada')],
    ['a key and a subject of its id', false, { kind: 'key', subject: 'ada' }, ada],
    ['anybody and a key', true, ANYBODY, { kind: 'key', subject: 'k' }],
  ])('%s: %s (identity/I1, identity/I2)', (_what, isSame, one, other) => {
    expect([maybeSame(one, other), maybeSame(other, one)]).toEqual([isSame, isSame])
  })
})

describe('withIdentities', () => {
  it('has each once, and of a list that was not kept that it may be anybody (identity/I2)', () => {
    expect(withIdentities([ada], [ada])).toEqual([ada])
    expect(withIdentities(undefined, [ada])).toEqual([ANYBODY, ada])
  })

  it('loses none: so many that a record has no room for them may be anybody (identity/I3)', () => {
    const many = Array.from({ length: 51 }, (_, at): Identity => ({ kind: 'key', subject: `k${at}` }))
    expect(withIdentities(many.slice(0, 50), [])).toHaveLength(50)
    expect(withIdentities(many.slice(0, 50), many.slice(50))).toEqual([ANYBODY])
  })
})

it('names identities as answers are signed, and nobody of whom nothing is known', () => {
  expect([ada, { kind: 'key', subject: 'k' } as const, ANYBODY].map(nameOfIdentity)).toEqual([
    ['ada'],
    ['key/k'],
    [],
  ])
})
