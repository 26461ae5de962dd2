import { describe, expect, it } from 'vitest'
import { mergeGrants } from '../../../infra/merge-grants.ts'
import { type Grant, grantsOf, grantsOfModes, type StageSetting } from '../../../shared/contracts/grants.ts'

const NONE: ReadonlySet<StageSetting> = new Set()
const put = (...keys: string[]): Grant => ({
  actions: ['dynamodb:PutItem'],
  on: { kind: 'table', table: 'tasks', keys },
})
const read = (prefix: string): Grant => ({ actions: ['s3:GetObject'], on: { kind: 'objects', prefix } })

describe('merged grants', () => {
  it('name each action of a table once, with all keys, as the table lists them', () => {
    expect(mergeGrants([put('QUEUE#'), put('TASK#'), put('TASK#')], NONE)).toEqual([put('TASK#', 'QUEUE#')])
  })

  it('have no condition where one of them has none', () => {
    const whole: Grant = { actions: ['dynamodb:PutItem'], on: { kind: 'table', table: 'tasks' } }
    expect(mergeGrants([put('TASK#'), whole], NONE)).toEqual([whole])
  })

  it('join actions with the same keys, and keep others apart', () => {
    const update: Grant = { ...put('TASK#'), actions: ['dynamodb:UpdateItem'] }
    expect(mergeGrants([put('TASK#'), update], NONE)).toEqual([
      { ...put('TASK#'), actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'] },
    ])
    expect(mergeGrants([put('TASK#', 'QUEUE#'), update], NONE)).toEqual([put('TASK#', 'QUEUE#'), update])
  })

  it('distinguish a table, its indexes and the other table', () => {
    const query = (table: 'tasks' | 'registry', index?: string): Grant => ({
      actions: ['dynamodb:Query'],
      on: { kind: 'table', table, ...(index === undefined ? {} : { index }) },
    })
    const all = [query('tasks'), query('tasks', 'open'), query('tasks', 'byStatus'), query('registry')]
    expect(mergeGrants([...all, ...all], NONE)).toEqual(all)
  })

  it('name no prefix that lies within another', () => {
    expect(mergeGrants([read('tasks/answers/'), read('files/'), read('tasks/')], NONE)).toEqual([
      read('files/'),
      read('tasks/'),
    ])
  })

  it('include grants that depend on a setting only in a stage with it', () => {
    const limited: Grant = { ...put('QUEUE#'), when: 'tenantConcurrency' }
    expect(mergeGrants([limited], new Set(['taskRetentionDays']))).toEqual([])
    expect(mergeGrants([limited], new Set(['tenantConcurrency']))).toEqual([put('QUEUE#')])
  })
})

describe('the grants of modes', () => {
  const port = grantsOf<{ most: number; find(): void; add(): void }>()({
    methods: { find: [read('tasks/')], add: [put('TASK#')] },
    modes: { look: ['find'], wait: { methods: ['add'], when: 'tenantConcurrency' } },
  })

  it('are those of their methods, with what a mode depends on', () => {
    expect(grantsOfModes(port, ['look'])).toEqual([read('tasks/')])
    expect(grantsOfModes(port, ['look', 'wait'])).toEqual([
      read('tasks/'),
      { ...put('TASK#'), when: 'tenantConcurrency' },
    ])
    expect(grantsOfModes(port, [])).toEqual([])
  })
})
