import { Worker, type WorkerOptions } from 'node:worker_threads'
import { useCompileCache } from './compile-cache.ts'

/**
 * Runs a module in a worker thread. Threads do not inherit the process's compile cache; without it they would strip the types
 * of every module anew, which is a third of their start.
 */
export function spawnThread(module: URL, options: WorkerOptions): Worker {
  const bootstrap = `${useCompileCache()} import(${JSON.stringify(module.href)})`
  return new Worker(bootstrap, { ...options, eval: true, execArgv: [] })
}
