import { expect, it } from 'vitest'
import type { Budgets, Ports } from '../../../shared/ports/index.ts'
import { portsWith, portWith } from '../../support/stores/ports-with.ts'

const now = new Date(0)
const clock = { now: () => now }

it('has the faked members', async () => {
  const ports = portsWith<Ports>({ clock, queue: { mostOf: () => undefined }, bus: {} })
  expect(ports.clock.now()).toBe(now)
  expect(ports.queue.mostOf('default')).toBeUndefined()
  expect(await Promise.resolve(ports.bus)).toBe(ports.bus)
  expect(await portWith<Budgets>({ rootOf: async () => 't' }).rootOf('t')).toBe('t')
})

it('throws an error that names the member that is not faked, and its port', () => {
  const ports = portsWith<Ports>({ clock, queue: { mostOf: () => 1 }, bus: {} })
  expect(() => ports.queue.add).toThrow('the test does not fake add of queue, only mostOf')
  expect(() => ports.bus.publish).toThrow('the test does not fake publish of bus, only nothing')
  expect(() => ({ ...ports }).queue.first).toThrow('the test does not fake first of queue, only mostOf')
  expect(() => portWith<Budgets>({}).find).toThrow('the test does not fake find of the port, only nothing')
})

it('lets a port that is not faked be passed on, but not used', () => {
  const { files } = portsWith<Ports>({ clock })
  expect(() => files.list).toThrow('the test does not fake list of files, only nothing')
})
