/** What the role of an agent's function may change of the registry's counters. */
import { describe, expect, it } from 'vitest'
import { AGENT_PORTS, MODEL_PORTS } from '../../../functions/agent-ports.ts'
import { grantsOfPorts, leadingKeys } from '../../../infra/constructs/port-grants.ts'
import { mergeGrants } from '../../../infra/merge-grants.ts'
import { countedAgent, countsAlone, ownCounts, withoutCounts } from '../../../infra/own-counts.ts'
import { IamService } from '../../../local/iam/service.ts'
import type { Grant } from '../../../shared/contracts/grants.ts'
import { JUDGE } from '../../../shared/workflow/evaluation/check-judgement.ts'
import { makeManifest } from '../../support/agents/make-agent.ts'

const { models: _called, secrets: _keys, ...stored } = MODEL_PORTS
const ALL = grantsOfPorts({ ...AGENT_PORTS, ...stored })

/** Whether grants allow a request of the registry, as the local IAM decides it. */
function allows(grants: readonly Grant[], action: string, key: string): boolean {
  const iam = new IamService()
  iam.putRole('agent', 'role')
  for (const { actions, on } of mergeGrants(grants, new Set())) {
    if (on.kind !== 'table' || on.index !== undefined || on.table !== 'registry') continue
    iam.attach('agent', [
      { Effect: 'Allow', Action: [...actions], Resource: ['registry'], Condition: leadingKeys(on) },
    ])
  }
  const { AWS_ACCESS_KEY_ID } = iam.credentialsOf('role')
  try {
    iam.authorizeKey(AWS_ACCESS_KEY_ID, `dynamodb:${action}`, 'registry', { 'dynamodb:LeadingKeys': [key] })
    return true
  } catch {
    return false
  }
}

const echo = countedAgent(makeManifest({ id: 'echo' }))
const ofTenant = countedAgent(makeManifest({ id: 'echo' }), 'acme')
const judge = countedAgent(makeManifest({ id: 'judge', capability: JUDGE }))

const OWN: readonly [string, string][] = [
  ['UpdateItem', 'STAT#work.do#echo@1.0.0'],
  ['UpdateItem', 'STAT#work.do#acme:echo@1.0.0'],
  ['UpdateItem', 'BREAKER#echo'],
  ['UpdateItem', 'BREAKER#acme:echo'],
  ['UpdateItem', 'SLOTS#agent:echo'],
  ['UpdateItem', 'RATE#agent:echo'],
  ['UpdateItem', 'RATE#model:m'],
  ['UpdateItem', 'USAGE#m#acme'],
  ['BatchGetItem', 'BREAKER#other'],
  ['GetItem', 'SLOTS#agent:echo'],
]
const FOREIGN: readonly [string, string][] = [
  ...[
    'STAT#work.do#other@1.0.0',
    'STAT#work.do#echo-two@1.0.0',
    'STAT#work.do#my-echo@1.0.0',
    'STAT#work.do#acme/echo@1.0.0',
  ],
  ...['BREAKER#other', 'BREAKER#echo-two', 'BREAKER#my-echo', 'BREAKER#acme/echo'],
  ...[
    'SLOTS#agent:other',
    'SLOTS#tenant:acme',
    'SLOTS#agent:echo-two',
    'RATE#agent:other',
    'RATE#tenant:acme',
  ],
  ...[
    'AGENT#echo',
    'WORKFLOW#w',
    'MACHINE#m',
    'LOAD#echo',
    'APIKEY#1',
    'KEYSOF#acme',
    'AUDIT#acme',
    'NOTED#0',
  ],
].flatMap((key): [string, string][] => ['PutItem', 'UpdateItem', 'DeleteItem'].map((action) => [action, key]))
const UNREAD = [
  'AGENT#echo',
  'WORKFLOW#w',
  'APIKEY#1',
  'KEYSOF#acme',
  'AUDIT#acme',
  'NOTED#0',
  'STAT#x#echo@1',
]

describe('the role of an agent of the stage', () => {
  const grants = ALL.flatMap((grant) => ownCounts(grant, echo))
  it.each(OWN)('may %s %s', (action, key) => expect(allows(grants, action, key)).toBe(true))
  it.each(FOREIGN)('may not %s %s', (action, key) => expect(allows(grants, action, key)).toBe(false))
  it.each(UNREAD)('may not read %s', (key) => {
    for (const action of ['GetItem', 'BatchGetItem', 'Query', 'Scan'])
      expect([action, allows(grants, action, key)]).toEqual([action, false])
  })
})

describe('the role of an agent of a tenant', () => {
  const grants = ALL.flatMap((grant) => ownCounts(grant, ofTenant))
  it.each([
    'STAT#work.do#acme/echo@1.0.0',
    'BREAKER#acme/echo',
    'SLOTS#agent:acme/echo',
    'RATE#agent:acme/echo',
  ])('may write %s', (key) => expect(allows(grants, 'UpdateItem', key)).toBe(true))
  it.each(['STAT#work.do#echo@1.0.0', 'STAT#work.do#rival/echo@1.0.0', 'BREAKER#echo', 'BREAKER#rival/echo'])(
    'may not write %s',
    (key) => expect(allows(grants, 'UpdateItem', key)).toBe(false),
  )
})

it('counts for those whose outputs it judges, and opens no breaker of theirs', () => {
  const grants = ALL.flatMap((grant) => ownCounts(grant, judge))
  expect(allows(grants, 'UpdateItem', 'STAT#work.do#other@1.0.0')).toBe(true)
  expect(allows(grants, 'UpdateItem', 'BREAKER#other')).toBe(false)
})

it('is split between the policy that all hosted agents share, and that of each', () => {
  const shared = ALL.flatMap(withoutCounts)
  expect(allows(shared, 'UpdateItem', 'STAT#work.do#echo@1.0.0')).toBe(false)
  expect(allows(shared, 'UpdateItem', 'USAGE#m')).toBe(true)
  const own = ALL.flatMap((grant) => countsAlone(grant, echo))
  expect(allows(own, 'UpdateItem', 'STAT#work.do#echo@1.0.0')).toBe(true)
  expect(allows(own, 'UpdateItem', 'USAGE#m')).toBe(false)
  for (const [action, key] of OWN)
    expect([key, allows([...shared, ...own], action, key)]).toEqual([key, true])
})
