import { expect, it } from 'vitest'
import { DebugPorts } from '../../../local/lambda/sandbox/debug-ports.ts'

/** What Node.js prints with `--inspect`. */
const listens = (port: number): string =>
  `Debugger listening on ws://127.0.0.1:${port}/0f0c5f5c-7d0d-4b9a-8a5e-3a0d1f0e2b6c\nFor help, see: https://nodejs.org/en/docs/inspector\n`

it('gives each function a port that it keeps, and another one while its own is taken', () => {
  const told: string[] = []
  const ports = new DebugPorts(9_229, (name, port) => told.push(`${name} ${port}`))
  const open = (name: string): number => {
    const port = ports.take(name)
    ports.hear(port, listens(port))
    return port
  }
  const first = open('a')
  open('b')
  // The process before a reload has not ended yet.
  const second = open('a')
  ports.release(first)
  ports.release(second)
  open('a')
  open('c')
  expect(told).toEqual(['a 9229', 'b 9230', 'a 9231', 'a 9229', 'c 9231'])
})

it('announces a port once, and only when its sandbox listens at it', () => {
  const told: string[] = []
  const ports = new DebugPorts(9_229, (name, port) => told.push(`${name} ${port}`))
  const port = ports.take('a')
  ports.hear(port, 'Starting inspector on 127.0.0.1:9229 failed: address already in use\n')
  ports.hear(port, listens(9_230))
  expect(told).toEqual([])
  ports.hear(port, listens(port))
  ports.hear(port, listens(port))
  expect(told).toEqual(['a 9229'])
})
