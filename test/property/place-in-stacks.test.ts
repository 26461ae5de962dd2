import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Placement, placeInStacks } from '../../infra/place-in-stacks.ts'

const OWN = 145
const agentsUpTo = (count: number) => Array.from({ length: count }, (_, at) => `a${at}`)
const workflowsUpTo = (count: number, parts = 0) =>
  Array.from({ length: count }, (_, at) => ({ name: `w${at}`, parts }))

/** The number of resources in each stack. */
function resourcesOf({ agents, workflows }: Placement, parts: ReadonlyMap<string, number>): number[] {
  const all: number[] = [OWN]
  const nested: Record<string, number> = {}
  for (const [name, at] of Object.entries(agents)) {
    if (at === 0) all[0] = (all[0] ?? 0) + 4
    else nested[`agents ${at}`] = (nested[`agents ${at}`] ?? 0) + 4
    expect(name).toMatch(/^a/)
  }
  for (const [name, at] of Object.entries(workflows)) {
    const size = 1 + 2 * (parts.get(name) ?? 0)
    if (at === 0) all[0] = (all[0] ?? 0) + size
    else nested[`workflows ${at}`] = (nested[`workflows ${at}`] ?? 0) + size
  }
  return [...all, ...Object.values(nested)]
}

const stacksOf = (places: Readonly<Record<string, number>>): number => Math.max(0, ...Object.values(places))

describe('the placement of agents and workflows', () => {
  it.each([
    [7, 7, 0, 0],
    [80, 15, 0, 0],
    [81, 15, 1, 0],
    [79, 117, 0, 1],
    [7, 300, 0, 0],
    [400, 190, 4, 1],
  ])(
    '%d agents and %d workflows: %d and %d nested stacks (stacks/S3)',
    (agents, workflows, ofAgents, ofWorkflows) => {
      const placement = placeInStacks({ agents: agentsUpTo(agents), workflows: workflowsUpTo(workflows) })
      expect([stacksOf(placement.agents), stacksOf(placement.workflows)]).toEqual([ofAgents, ofWorkflows])
    },
  )

  it('fits any set of agents and workflows, and moves nothing that is deployed when others are added or removed (stacks/S1, stacks/S2)', () => {
    const agents = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 280 })
    const workflows = fc.uniqueArray(fc.integer({ min: 0, max: 600 }), { maxLength: 300 })
    const deployments = fc.array(fc.record({ agents, workflows }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(deployments, fc.integer({ min: 0, max: 2 }), (all, most) => {
        const partsOf = (at: number): number => (at * 7) % (most + 1)
        let placed: Placement | undefined
        for (const deployed of all) {
          const counted = {
            agents: deployed.agents.map((at) => `a${at}`),
            workflows: deployed.workflows.map((at) => ({ name: `w${at}`, parts: partsOf(at) })),
          }
          const next = placeInStacks(counted, placed)
          expect(Object.keys(next.agents).sort()).toEqual([...counted.agents].sort())
          expect(Object.keys(next.workflows)).toHaveLength(counted.workflows.length)
          for (const [name, at] of Object.entries(placed?.agents ?? {}))
            if (Object.hasOwn(next.agents, name)) expect(next.agents[name]).toBe(at)
          for (const [name, at] of Object.entries(placed?.workflows ?? {}))
            if (Object.hasOwn(next.workflows, name)) expect(next.workflows[name]).toBe(at)
          const parts = new Map(counted.workflows.map(({ name, parts }) => [name, parts]))
          for (const count of resourcesOf(next, parts)) expect(count).toBeLessThanOrEqual(480)
          placed = next
        }
      }),
      { numRuns: 60 },
    )
  })

  it('renames nothing when the eighty-first agent is added, at any place in the list (stacks/S1)', () => {
    const before = placeInStacks({ agents: agentsUpTo(80), workflows: workflowsUpTo(7) })
    const after = placeInStacks(
      { agents: ['a-first', ...agentsUpTo(80)], workflows: workflowsUpTo(7) },
      before,
    )
    expect(after.agents).toEqual({ ...before.agents, 'a-first': 1 })
  })

  it('is refused before anything is synthesized when it cannot fit', () => {
    const counted = { agents: agentsUpTo(500), workflows: workflowsUpTo(300) }
    expect(() => placeInStacks(counted)).toThrow(
      '500 agents and 300 workflows would be about 2445 resources; an installation takes 2400, and 700 workflows',
    )
    expect(() => placeInStacks({ agents: [], workflows: workflowsUpTo(701) })).toThrow(
      '0 agents and 701 workflows',
    )
  })
})
