import { expect, it } from 'vitest'
import { figureOf, isOverBar, lineOf } from '../../../bench/models/figure.ts'
import { measureInMemory } from '../../../bench/models/in-memory.ts'

it('the bench of models measures calls and turns', async () => {
  const figures = await measureInMemory({ calls: 3, loops: 1 })
  expect(figures.map(({ unit, runs }) => ({ unit, runs }))).toEqual([
    { unit: 'ms', runs: 3 },
    { unit: '/s', runs: 1 },
  ])
  for (const { median } of figures) expect(median).toBeGreaterThan(0)
})

it('a figure over its bar is told', () => {
  const slow = figureOf({ name: 'a call', unit: 'ms', most: 8 }, [9, 10, 7])
  expect({ isOver: isOverBar(slow), median: slow.median }).toEqual({ isOver: true, median: 9 })
  expect(lineOf(slow)).toMatch(/^a call +9\.00 ms \(7\.00 - 10\.0, 3 runs, at most 8\) {2}OVER ITS BAR$/)
  expect(isOverBar({ ...slow, most: 9 })).toBe(false)
})
