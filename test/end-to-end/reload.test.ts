import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyProject } from '../support/cloud/copy-project.ts'
import { startDev } from '../support/cloud/start-dev.ts'

const ECHO = 'functions/agents/echo/index.ts'
const outside = mkdtempSync(join(tmpdir(), 'reload-'))
/** Until it exists, the agent `slow` of the first version does not end. */
const MAY_END = join(outside, 'may-end')

const agent = (id: string, body: string): string => `
  import * as z from 'zod'
  import { defineAgent } from '../../../shared/agent/index.ts'
  export default defineAgent({
    id: '${id}',
    version: '1.0.0',
    description: 'Made by a test.',
    capabilities: { '${id}.say': { description: 'Says.', input: z.object({}), output: z.string() } },
    limits: { timeoutSeconds: 60, memoryMb: 256 },
    async execute() {
      ${body}
    },
  })
`
const workflow = (name: string, steps: string, output: string): string => `
name: ${name}
taskTypes: [${name}]
steps:
${steps}
output: "${output}"
`

describe('a reload', { timeout: 300_000 }, () => {
  let project: ReturnType<typeof copyProject>
  let dev: Awaited<ReturnType<typeof startDev>>

  beforeAll(async () => {
    project = copyProject({ validated: false, cli: true })
    project.write('functions/agents/slow/index.ts', agent('slow', saying('first')))
    project.write('functions/agents/leaver/index.ts', agent('leaver', "return 'bye'"))
    project.write(
      'workflows/slow.yaml',
      workflow('slow', '  say: { capability: slow.say }', '{% $steps.say %}'),
    )
    project.write('workflows/asks.yaml', asks('old'))
    project.write('functions/agents/broken/index.ts', 'export default {')
    project.write(
      'functions/agents/lazy/index.ts',
      `${agent('lazy', "return 'lazy'")}\nexport const load = () => import('no-such-package')\n`,
    )
    dev = await startDev(project.folder)
  }, 300_000)
  afterAll(async () => {
    await dev?.stop()
    project?.remove()
    rmSync(outside, { recursive: true })
  }, 60_000)

  it('begins without an agent that does not compile, and takes it in once it is mended', async () => {
    expect((await dev.call('GET', '/agents/broken')).status).toBe(404)
    // Another save is deployed meanwhile, and what is still wrong is told.
    project.write('workflows/asks.yaml', asks('older'))
    expect(await dev.next('reloaded')).toMatchObject({ changed: ['workflow asks'] })
    expect(await dev.next('refused')).toMatchObject({
      problems: [
        expect.stringMatching(/^functions\/agents\/broken\/index\.ts:1:\d+: /),
        expect.stringMatching(/^functions\/agents\/lazy\/index\.ts:\d+:\d+: .*no-such-package/),
      ],
    })
    project.write('workflows/asks.yaml', asks('old'))
    await dev.next('reloaded')
    project.write('functions/agents/broken/index.ts', agent('broken', "return 'mended'"))
    expect(await dev.next('reloaded')).toMatchObject({ changed: ['agent broken (new)'] })
    expect(await dev.call('GET', '/agents/broken')).toMatchObject({ status: 200 })
    project.write('functions/agents/lazy/index.ts', agent('lazy', "return 'mended'"))
    expect(await dev.next('reloaded')).toMatchObject({ changed: ['agent lazy (new)'] })
  })

  it('gives the next task the new code of an agent', async () => {
    const before = project.read(ECHO)
    expect(await dev.run('simple', { a: 1 })).toEqual({ a: 1 })
    project.write(ECHO, before.replace('return input', "return { changed: 'yes' }"))
    expect(await dev.next('reloaded')).toEqual({
      event: 'reloaded',
      changed: ['agent echo'],
      milliseconds: expect.any(Number),
      warnings: [],
      versions: [{ what: 'agent echo', version: '1.0.0', was: '1.0.0' }],
    })
    expect(await dev.run('simple', { a: 1 })).toEqual({ changed: 'yes' })
    project.write(ECHO, before)
    await dev.next('reloaded')
    expect(await dev.run('simple', { a: 1 })).toEqual({ a: 1 })
  })

  it('lets running steps end with the code that they began with (sandbox/L8)', async () => {
    const taskId = await dev.submit('slow', {})
    await dev.untilStep(taskId, 'say', 'running')
    project.write('functions/agents/slow/index.ts', agent('slow', "return 'second'"))
    expect(await dev.next('reloaded')).toMatchObject({ changed: ['agent slow'] })
    expect(await dev.run('slow', {})).toBe('second')
    writeFileSync(MAY_END, '')
    expect(await dev.resultOf(taskId)).toBe('first')
  })

  it('lets a waiting task continue with the workflow that it was planned with', async () => {
    const taskId = await dev.submit('asks', {})
    await dev.untilStep(taskId, 'ask', 'waiting')
    project.write('workflows/asks.yaml', asks('new'))
    expect(await dev.next('reloaded')).toMatchObject({
      changed: ['workflow asks'],
      versions: [{ what: 'workflow asks', version: expect.stringMatching(/^[2-9]$/), was: '1' }],
    })
    const later = await dev.submit('asks', {})
    await dev.untilStep(later, 'question', 'waiting')
    for (const [id, step] of [
      [taskId, 'ask'],
      [later, 'question'],
    ]) {
      const { status } = await dev.call('POST', `/tasks/${id}/approvals/${step}`, { decision: 'approve' })
      expect(status).toBe(200)
    }
    expect(await dev.resultOf(taskId)).toBe('old')
    expect(await dev.resultOf(later)).toBe('new')
  })

  it('reports the place of an error, and leaves the previous version in service (reload/L1)', async () => {
    const before = project.read(ECHO)
    project.write(ECHO, before.replace('return input', 'return input +'))
    expect(await dev.next('refused')).toMatchObject({
      problems: [expect.stringMatching(/^functions\/agents\/echo\/index\.ts:16:3: Unexpected/)],
    })
    expect(await dev.run('simple', { b: 2 })).toEqual({ b: 2 })

    project.write(ECHO, before.replace("id: 'echo'", "id: 'other'"))
    expect(await dev.next('refused')).toMatchObject({
      problems: [expect.stringMatching(/^functions\/agents\/echo\/index\.ts: .*its folder says "echo"/)],
    })
    expect(await dev.run('simple', { b: 2 })).toEqual({ b: 2 })
    project.write(ECHO, before)

    project.write('workflows/asks.yaml', asks('new').replace('capability: echo', 'capabilty: echo'))
    expect(await dev.next('refused')).toMatchObject({
      problems: expect.arrayContaining([expect.stringMatching(/^workflows\/asks\.yaml:\d+:\d+: /)]),
    })
    project.write('workflows/asks.yaml', asks('new').replace('taskTypes: [asks]', 'taskTypes: [simple]'))
    expect(await dev.next('refused')).toMatchObject({
      problems: [expect.stringContaining('"simple" is claimed by')],
    })
    project.write('workflows/asks.yaml', asks('new'))
    expect(await dev.next('unchanged')).toEqual({ event: 'unchanged' })
    project.write('workflows/asks.yaml', asks('third').replace('capability: echo', 'capability: ecko'))
    expect(await dev.next('reloaded')).toMatchObject({
      changed: ['workflow asks'],
      warnings: [
        expect.stringMatching(/^warning: workflow asks, .*no agent here offers "ecko"; did you mean "echo"/),
      ],
    })
    project.write('workflows/asks.yaml', asks('third'))
    expect(await dev.next('reloaded')).toMatchObject({ changed: ['workflow asks'], warnings: [] })
  })

  it('adds new agents and workflows, and retires removed ones (deployment/D1)', async () => {
    project.write('functions/agents/fresh/index.ts', agent('fresh', "return 'hello'"))
    project.write(
      'workflows/fresh.yaml',
      workflow('fresh', '  say: { capability: fresh.say }', '{% $steps.say %}'),
    )
    expect(await dev.next('reloaded')).toMatchObject({
      changed: ['agent fresh (new)', 'workflow fresh (new)'],
    })
    expect(await dev.run('fresh', {})).toBe('hello')

    project.delete('functions/agents/leaver')
    project.delete('workflows/fresh.yaml')
    expect(await dev.next('reloaded')).toMatchObject({
      changed: ['agent leaver (removed)', 'workflow fresh (removed)'],
    })
    expect((await dev.call('GET', '/agents/leaver')).body).toMatchObject({ status: 'inactive' })
    expect((await dev.call('POST', '/tasks', { type: 'fresh', input: {} })).status).toBe(404)
  })

  it('applies changes that are saved during a reload in the next one (reload/L2)', async () => {
    const before = project.read(ECHO)
    const saying = (word: string): string => before.replace('return input', `return { said: '${word}' }`)
    project.write(ECHO, saying('one'))
    // Longer than the debounce of saves.
    await new Promise((resolve) => setTimeout(resolve, 200))
    project.write(ECHO, saying('two'))
    await dev.next('reloaded')
    const said = async () => ((await dev.run('simple', {})) as { said: string }).said
    if ((await said()) === 'one') await dev.next('reloaded')
    expect(await said()).toBe('two')
    project.write(ECHO, before)
    await dev.next('reloaded')
  })

  it('reports changes that need a restart (reload/L3)', async () => {
    project.write('shared/compiler/new-file.ts', 'export const nothing = 0')
    expect(await dev.next('restart')).toEqual({ event: 'restart', reason: 'shared/compiler/new-file.ts' })
  })
})

const saying = (word: string): string => `
      const { existsSync } = await import('node:fs')
      while (!existsSync(${JSON.stringify(MAY_END)})) await new Promise((resolve) => setTimeout(resolve, 20))
      return '${word}'`

function asks(word: string, question = word === 'old' ? 'ask' : 'question'): string {
  return workflow(
    'asks',
    `  ${question}:
    approval: { prompt: Go on?, timeoutSeconds: 3600, onTimeout: reject }
  say: { capability: echo, input: ${word}, needs: [${question}] }`,
    '{% $steps.say %}',
  )
}
