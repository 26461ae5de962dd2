import { expect, it } from 'vitest'
import { DebugPorts } from '../../../local/lambda/sandbox/debug-ports.ts'

it('gives each function a port that it keeps, and another one while its own is taken', () => {
  const told: string[] = []
  const ports = new DebugPorts(9_229, (name, port) => told.push(`${name} ${port}`))
  const first = ports.take('a')
  ports.take('b')
  // The process from before a reload has not ended yet.
  const second = ports.take('a')
  ports.release(first)
  ports.release(second)
  ports.take('a')
  ports.take('c')
  expect(told).toEqual(['a 9229', 'b 9230', 'a 9231', 'a 9229', 'c 9231'])
})
