import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { flushCompileCache } from 'node:module'
import { startLocalCloud } from '../../../local/local-cloud.ts'

/** A local cloud in a process that can be killed. */
export type Life = { readonly apiUrl: string; kill(): Promise<void> }

export async function beginLife(assembly: string, dataFolder: string): Promise<Life> {
  const child = spawn(process.execPath, [import.meta.filename, assembly, dataFolder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return {
    apiUrl: await firstLine(child),
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    if (text.includes('\n')) return text.trim()
  }
  throw new Error('it ended before it was up')
}

const [assembly, dataFolder] = process.argv.slice(2)
if (process.argv[1] === import.meta.filename && assembly && dataFolder) {
  const cloud = await startLocalCloud({ assembly, dataFolder })
  console.log(cloud.apiUrl)
  // The process never ends by itself, so the cache must be flushed.
  flushCompileCache()
}
