import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Runs a module in a thread of its own. A thread does not inherit the process's compile cache, and would strip the types
 * of every module anew: a third of its start.
 */
export function spawnThread(module: URL, options: WorkerOptions): Worker {
  const bootstrap = `require('node:module').enableCompileCache(); import(${JSON.stringify(module.href)})`
  return new Worker(bootstrap, { ...options, eval: true, execArgv: [] })
}
