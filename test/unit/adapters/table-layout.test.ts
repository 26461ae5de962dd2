import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AGENT_PORTS } from '../../../functions/agent-ports.ts'
import { FUNCTIONS } from '../../../functions/catalogue.ts'
import { grantsOfPorts } from '../../../infra/constructs/port-grants.ts'
import {
  COUNTER_KEYS,
  KINDS,
  REGISTRY_ITEMS,
  REGISTRY_PARTITIONS,
  TASK_ITEMS,
  TASK_PARTITIONS,
} from '../../../shared/contracts/table-layout.ts'

const ROOT = join(import.meta.dirname, '../../..')

const groups: [string, string[]][] = [
  ['partitions of tasks', Object.values(TASK_PARTITIONS)],
  ['items of a task', Object.values(TASK_ITEMS)],
  ['partitions of the registry', Object.values(REGISTRY_PARTITIONS)],
  ['items of the registry', Object.values(REGISTRY_ITEMS)],
  ['kinds', Object.values(KINDS)],
]

describe('keys of the tables', () => {
  it.each(groups)('are never prefixes of one another: %s', (_, keys) => {
    const pairs = keys.flatMap((one, at) =>
      keys.filter((_, other) => other !== at).map((other) => [one, other]),
    )
    expect(pairs.length).toBeGreaterThan(0)
    expect(pairs.filter(([one = '', other = '']) => other.startsWith(one))).toEqual([])
  })

  it('mark the end of each partition prefix with #', () => {
    const partitions = [...Object.values(TASK_PARTITIONS), ...Object.values(REGISTRY_PARTITIONS)]
    expect(partitions.filter((key) => !/^[A-Z]+#$/.test(key))).toEqual([])
  })

  it('let steps write no items of the queue, nor of agents, workflows or machines', () => {
    const grants = [AGENT_PORTS, FUNCTIONS.rebind.ports].flatMap(grantsOfPorts)
    const writes = grants.filter(({ actions }) =>
      actions.some((action) => /(Put|Update|Delete)Item/.test(action)),
    )
    const written = writes.flatMap(({ on }) => (on.kind === 'table' ? (on.keys ?? ['']) : []))
    const { task, output, money } = TASK_PARTITIONS
    expect(new Set(written)).toEqual(new Set([task, output, money, ...Object.values(COUNTER_KEYS)]))
  })

  it('are defined in one place: no adapter and no compiled state spells out a key', () => {
    const spelt = /['"`](?:[A-Z]{3,}#|(?:META|PLAN|BUDGET|LATEST|STATE|AGENT|WORKFLOW|MACHINE)['"`])/
    const files = globSync('{functions/adapters,shared/compiler,shared/app,infra}/**/*.ts', { cwd: ROOT })
    expect(files.length).toBeGreaterThan(100)
    const found = files.filter((file) => spelt.test(readFileSync(join(ROOT, file), 'utf8')))
    expect(found).toEqual([])
    expect(readFileSync(join(ROOT, 'shared/contracts/table-layout.ts'), 'utf8')).toMatch(spelt)
  })
})
