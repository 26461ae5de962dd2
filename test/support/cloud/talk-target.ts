import { flushCompileCache } from 'node:module'
import { startLocalCloud } from '../../../local/local-cloud.ts'

/** One process: starts the cloud, says where it is, and continues until it is killed. */
const [assembly, dataFolder] = process.argv.slice(2)
if (process.argv[1] === import.meta.filename && assembly && dataFolder) {
  const { apiUrl } = await startLocalCloud({ assembly, dataFolder })
  // The process never ends by itself, so the cache must be flushed.
  flushCompileCache()
  console.log(`up ${apiUrl}`)
}
