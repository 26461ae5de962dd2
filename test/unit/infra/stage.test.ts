import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { StageSchema, tagsOf } from '../../../infra/stage.ts'
import { requirePlace } from '../../../infra/stage-place.ts'

describe('a stage', () => {
  it.each([
    [{ account: 123_456_789_012 }, 'an account is twelve digits'],
    [{ account: '1234' }, 'an account is twelve digits'],
    [{ region: 'Frankfurt' }, 'a region is written like eu-central-1'],
    [{ tags: { application: 'x' } }, '"application" is the tag that says the prefix'],
    [{ tags: { 'aws:x': 'y' } }, 'does not begin with aws:'],
    [{ tags: { x: 'y<z' } }, 'a tag is letters'],
    [{ tags: { '': 'y' } }, 'a tag is letters'],
    [{ tags: { x: 'y'.repeat(257) } }, 'a value of 256'],
    [{ tags: Object.fromEntries(Array.from({ length: 41 }, (_, at) => [`t${at}`, ''])) }, 'at most 40 tags'],
  ])('is refused with what is wrong: %j', (given, message) => {
    const { error } = StageSchema.safeParse(given)
    expect(error && z.prettifyError(error)).toContain(message)
  })

  it('puts its tags beside the one that says its prefix', () => {
    const stage = StageSchema.parse({ prefix: 'mine', tags: { team: 'Forschung é' } })
    expect(tagsOf(stage)).toEqual({ application: 'mine', team: 'Forschung é' })
  })

  const placed = StageSchema.parse({ account: '111111111111', region: 'eu-west-1' })
  it.each([
    [
      { account: '222222222222', region: 'eu-west-1' },
      'of account 111111111111, and the credentials are of 222222222222',
    ],
    [
      { account: '111111111111', region: 'us-east-1' },
      'of region eu-west-1, and the credentials are of us-east-1',
    ],
    [{ account: '222222222222', region: 'us-east-1' }, 'of 222222222222; of region eu-west-1'],
  ])('is deployed nowhere else: %j', (place, message) => {
    expect(() => requirePlace(placed, place)).toThrow(message)
  })

  it.each([
    ['where it is to be', placed, { account: '111111111111', region: 'eu-west-1' }],
    ['on a laptop', placed, { account: undefined, region: undefined }],
    [
      'anywhere, where it does not say',
      StageSchema.parse({}),
      { account: '222222222222', region: 'us-east-1' },
    ],
  ])('is deployed %s', (_where, stage, place) => {
    expect(() => requirePlace(stage, place)).not.toThrow()
  })
})
