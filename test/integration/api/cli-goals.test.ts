import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'
import { type Outcome, startCli as start } from '../../support/cloud/start-cli.ts'

let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
  const workflow = {
    name: 'wombat_census',
    description: 'Counts the wombat census of a valley.',
    input: { type: 'object', required: ['valley'], properties: { valley: { type: 'string' } } },
    steps: { count: { capability: 'echo', input: { in: '{% $input.valley %}' } } },
  }
  await api.call('PUT', '/workflows/wombat_census', { workflow })
})

const cli = (...args: string[]): Promise<Outcome> => start(args, { ORCHESTRATOR_URL: api.apiUrl }).outcome
const GOAL = 'Count the wombat census of the valley'

describe('goals on the command line', () => {
  it('are planned, run and followed to their result; explain says how they were planned', async () => {
    const { code, stdout } = await cli('do', GOAL, '--input', '{"valley":"Kangaroo"}', '--wait', '--json')
    expect(code).toBe(0)
    const { taskId, result } = JSON.parse(stdout)
    expect(result).toEqual({ count: { in: 'Kangaroo' } })
    const explained = await cli('explain', taskId)
    expect(explained.stdout).toMatch(/plan {2}succeeded[\s\S]*planned by template[\s\S]*estimated: /)
  })

  it('need no quotes, and tell their task where nobody waits', async () => {
    const { code, stdout } = await cli('do', ...GOAL.split(' '), '-i', '{"valley":"Hunter"}')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^t_\w{26}\nfollow it with: npx orchestrator status t_/)
    await api.ended(stdout.slice(0, 28))
  })

  it('are planned into a file, and not run', async () => {
    const { code, stdout, stderr } = await cli('plan', '--goal', GOAL, '--input', '{"valley":"Barossa"}')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toMatch(/^# Goal: Count the wombat census of the valley\n# Planned by template\n/)
    expect(parse(stdout)).toMatchObject({ name: 'wombat_census', steps: { count: { capability: 'echo' } } })
  })

  it('exit with 1 where no plan comes of them, and say what to do', async () => {
    for (const args of [
      ['do', 'Paint the moon violet', '--wait'],
      ['plan', '--goal', 'Paint the moon violet'],
    ]) {
      const { code, stdout, stderr } = await cli(...args)
      expect(code).toBe(1)
      expect(`${stdout}${stderr}`).toContain('models.default')
    }
  })
})
