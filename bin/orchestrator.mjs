#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must be able to read this far, and then either hand over to the Node that
// this project brings along or say what is needed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = 24
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bundled = bundledNode()

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  // Half of a start is compiling: from the second one on it is there already.
  const { enableCompileCache } = await import('node:module')
  // A folder of its own, whose size local/compile-cache.ts bounds.
  enableCompileCache(join(tmpdir(), 'orchestrator-compile-cache'))
  // Sources in a checkout, JavaScript in the installed package.
  const { run } = await import(existsSync(join(root, 'cli/main.ts')) ? '../cli/main.ts' : '../cli/main.js')
  process.exitCode = await run(process.argv.slice(2))
} else if (bundled !== undefined) {
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

/** The Node of an optional dependency, wherever npm has put it: in the package's own node_modules, or in those of a project. */
function bundledNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
    return [join(folder, 'bin/node'), join(folder, 'bin/node.exe')].find((file) => existsSync(file))
  } catch {
    return undefined
  }
}
