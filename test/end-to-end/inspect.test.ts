import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { copyProject } from '../support/cloud/copy-project.ts'
import { attachDebugger } from '../support/cloud/debugger.ts'
import { startDev } from '../support/cloud/start-dev.ts'

const FILE = 'functions/agents/stepper/index.ts'
const AGENT = `import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

type Said = { word: string }

export default defineAgent({
  id: 'stepper',
  version: '1.0.0',
  description: 'Is stopped by a test.',
  capabilities: { 'stepper.say': { description: 'Says.', input: z.object({}), output: z.string() } },
  limits: { timeoutSeconds: 1, memoryMb: 256 },
  async execute() {
    const said: Said = { word: 'stopped' }
    const answer = said.word.toUpperCase()
    return answer
  },
})
`
const LINE = AGENT.split('\n').findIndex((line) => line.includes('return answer'))
/** Longer than the time limits of the agent and of its function. */
const PAUSE_MILLISECONDS = 8_000

let project: ReturnType<typeof copyProject>
let dev: Awaited<ReturnType<typeof startDev>>

beforeAll(async () => {
  project = copyProject({ validated: false, cli: true })
  project.write(FILE, AGENT)
  project.write(
    'workflows/stepper.yaml',
    'name: stepper\ntaskTypes: [stepper]\nsteps:\n  say: { capability: stepper.say }\noutput: "{% $steps.say %}"\n',
  )
  dev = await startDev(project.folder, ['--inspect', String(20_000 + Math.floor(Math.random() * 20_000))])
}, 300_000)
afterAll(async () => {
  await dev?.stop()
  project?.remove()
}, 60_000)

it('stops at a line of an agent for as long as it takes, and goes on', { timeout: 300_000 }, async () => {
  const port = await vi.waitFor(() => {
    const opened = dev.told.findLast(({ event, agent }) => event === 'inspect' && agent === 'stepper')
    return z.number().parse(opened?.port)
  }, 20_000)
  const targets: unknown = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()
  expect(targets).toEqual([
    expect.objectContaining({ title: expect.stringMatching(/^orchestrator-agent-stepper\[\d+\]$/) }),
  ])
  const client = await attachDebugger(port)
  const bundle = Promise.withResolvers<{ url: string; map: string }>()
  client.on('Debugger.scriptParsed', ({ url, sourceMapURL }) => {
    const address = String(url)
    if (!address.endsWith('/index.mjs')) return
    bundle.resolve({ url: address, map: new URL(String(sourceMapURL), address).href })
  })
  const paused = Promise.withResolvers<Record<string, unknown>>()
  client.on('Debugger.paused', (params) => paused.resolve(params))
  await client.call('Runtime.enable')
  await client.call('Debugger.enable')
  const { url, map } = await bundle.promise
  const at = placeOf(map, pathToFileURL(join(project.folder, FILE)).href, LINE)
  const { locations } = await client.call('Debugger.setBreakpointByUrl', { url, ...at })
  expect(locations).toHaveLength(1)

  const taskId = await dev.submit('stepper', {})
  const { callFrames } = (await paused.promise) as { callFrames: { callFrameId: string }[] }
  const { result } = await client.call('Debugger.evaluateOnCallFrame', {
    callFrameId: callFrames[0]?.callFrameId,
    expression: 'answer',
  })
  expect(result).toMatchObject({ value: 'STOPPED' })
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS))
  await client.call('Debugger.resume')
  expect(await dev.resultOf(taskId)).toBe('STOPPED')
  const { body } = await dev.call('GET', `/tasks/${taskId}`)
  expect(body).toMatchObject({ status: 'succeeded', steps: [{ stepId: 'say', attempts: [] }] })
  client.close()
})

/** Maps a source line to its place in the bundle, as an editor does. */
function placeOf(map: string, source: string, line: number): { lineNumber: number; columnNumber: number } {
  const payload = JSON.parse(readFileSync(fileURLToPath(map), 'utf8')) as SourceMapPayload
  const lines = readFileSync(fileURLToPath(map.replace(/\.map$/, '')), 'utf8').split('\n')
  const found = new SourceMap(payload)
  for (const [lineNumber, text] of lines.entries()) {
    const columnNumber = text.search(/\S/)
    if (columnNumber < 0) continue
    const entry = found.findEntry(lineNumber, columnNumber)
    if (!('originalSource' in entry) || entry.originalSource !== source) continue
    if (entry.originalLine === line && entry.generatedLine === lineNumber) return { lineNumber, columnNumber }
  }
  throw new Error(`${source}:${line + 1} is not in ${map}`)
}
