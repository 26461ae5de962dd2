import { syncBuiltinESMExports } from 'node:module'

/** Loads may overlap; the last one to end gives `process.exit` back. */
let loads = 0
let exit = process.exit

/**
 * Runs `load`, which imports modules of agents. A module that calls `process.exit` meanwhile gets an error: its import fails, and this
 * process goes on.
 */
export async function refuseExit<T>(load: () => Promise<T>): Promise<T> {
  if (loads++ === 0) {
    exit = process.exit
    process.exit = refuse
    // For `import { exit } from 'node:process'`.
    syncBuiltinESMExports()
  }
  try {
    return await load()
  } finally {
    if (--loads === 0) {
      process.exit = exit
      syncBuiltinESMExports()
    }
  }
}

function refuse(code?: number | string | null): never {
  throw new Error(
    `it calls process.exit(${code ?? ''}) while it is loaded; throw an error instead, or call it in execute`,
  )
}
