import { enableCompileCache, flushCompileCache } from 'node:module'

/** From the start of the process to the output of one echo task; the caller measures the process. */
const [assembly, dataFolder] = process.argv.slice(2)
if (!assembly || !dataFolder) throw new Error('usage: cold-start.ts ASSEMBLY DATA_FOLDER')
// As bin/orchestrator.mjs does.
enableCompileCache()
const { startLocalCloud } = await import('../../local/local-cloud.ts')
flushCompileCache()
const cloud = await startLocalCloud({ assembly, dataFolder })
const api = `${cloud.apiUrl}/api/v1`
const submitted = await fetch(`${api}/tasks`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ type: 'simple', input: { text: 'hello' } }),
})
const { taskId } = (await submitted.json()) as { taskId: string }
for (;;) {
  const answer = await fetch(`${api}/tasks/${taskId}/result`)
  if (answer.status !== 409) {
    console.log(answer.status, await answer.text())
    break
  }
  await new Promise((resolve) => setTimeout(resolve, 40))
}
process.kill(process.pid, 'SIGKILL')
