import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'
import { type Outcome, startCli as start } from '../../support/cloud/start-cli.ts'

let api: SharedApi
let folder: string
beforeAll(async () => {
  api = await sharedApi()
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-evaluate-'))
  const workflow = {
    name: 'parrot_names',
    input: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    steps: {
      say: {
        capability: 'echo',
        input: { name: '{% $input.name %}' },
        evaluate: {
          rules: { short: '{% $length($output.name) < 6 %}', named: '{% $exists($output.name) %}' },
        },
      },
    },
    output: '{% $steps.say %}',
  }
  await api.call('PUT', '/workflows/parrot_names', { workflow: { ...workflow, version: 1 } })
  const louder = { name: '{% $uppercase($steps.say.name) %}' }
  await api.call('PUT', '/workflows/parrot_names', { workflow: { ...workflow, version: 2, output: louder } })
})

const cli = (...args: string[]): Promise<Outcome> => start(args, { ORCHESTRATOR_URL: api.apiUrl }).outcome

async function fileOf(cases: readonly object[]): Promise<string> {
  const path = join(folder, `${cases.length}.jsonl`)
  await writeFile(path, cases.map((one) => JSON.stringify(one)).join('\n'))
  return path
}

describe('the score of a step', () => {
  it('is kept and shown; a person rates it, and both are told', async () => {
    const { body } = await api.call('POST', '/tasks', { workflow: 'parrot_names', input: { name: 'Kakadu' } })
    const taskId = String(body.taskId)
    await api.ended(taskId)
    const rated = await cli('rate', taskId, 'say', '0.8', '--comment', 'loud', '--by', 'ana')
    expect(rated).toMatchObject({ code: 0, stdout: 'say: 0.8 by ana: loud\n' })
    const { stdout } = await cli('explain', taskId, 'say')
    expect(stdout).toContain('evaluation  0.5\n  0  rule "short"\n  1  rule "named"\n')
    expect(stdout).toContain('rated  0.8 by ana: loud\n')
    const wrong = await cli('rate', taskId, 'say', '8')
    expect(wrong).toMatchObject({ code: 2 })
    expect(wrong.stderr).toContain('the score is a number from 0 to 1, such as 0.8; this is "8"')
  })
})

describe('a step with a judge, on a stage without models', () => {
  it('goes on with the score of its other checks, and says why it is not judged', async () => {
    const evaluate = { rules: { said: '{% $output = "Kea" %}' }, judge: { rubric: 'It is a parrot.' } }
    const workflow = { name: 'parrot_judged', steps: { say: { capability: 'echo', input: 'Kea', evaluate } } }
    const { body } = await api.call('POST', '/tasks', { workflow })
    const taskId = String(body.taskId)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    const { body: step } = await api.call('GET', `/tasks/${taskId}/steps/say`)
    expect(step).toMatchObject({
      status: 'succeeded',
      agentId: 'echo',
      output: 'Kea',
      evaluation: {
        score: 1,
        unjudged: expect.stringContaining('ConfigError: evaluate.judge needs a language model'),
      },
      attempts: [{ agentId: 'language', error: { name: 'ConfigError' } }],
    })
  })
})

describe('orchestrator evaluate', () => {
  const cases = ['Ara', 'Kea', 'Lory', 'Kaka', 'Jandaya'].map((name) => ({
    id: name,
    input: { name },
    expected: { name },
  }))

  it('scores a version of a workflow, and exits with 1 where another one is clearly better', async () => {
    const file = await fileOf(cases)
    const { code, stdout, stderr } = await cli(
      ...['evaluate', 'parrot_names', '--cases', file, '--against', '1', '--parallel', '2', '--json'],
    )
    expect({ code, stderr }).toMatchObject({ code: 1 })
    const { summaries, comparison, cases: results } = JSON.parse(stdout)
    expect(summaries).toMatchObject([
      { label: 'parrot_names@2', cases: 5, score: 0 },
      { label: 'parrot_names@1', cases: 5, score: 1 },
    ])
    expect(comparison).toMatchObject({ verdict: 'worse', worse: 5, p: 1 / 32 })
    expect(results[1].map(({ id }: { id: string }) => id)).toEqual(cases.map(({ id }) => id))
    expect(stderr).toMatch(/^10\/10 {2}[01] {2}/m)
  })

  it('shows a table, and takes an input that is refused as a case that is not done', async () => {
    const file = await fileOf([...cases.slice(0, 1), { id: 'empty', input: {} }])
    const { code, stdout } = await cli('evaluate', 'parrot_names@1', '--cases', file, '--at-least', '0.8')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^case +score +time +cost +what it lacks\nAra +1 /)
    expect(stdout).toMatch(/\nempty +0 +rule "succeeds" 0 \(InvalidInputError: /)
    expect(stdout).toContain('parrot_names@1  0.5  (95 %: 0.09 to 0.91, Wilson)  2 cases')
    expect(stdout).toContain('the mean score 0.5 is below --at-least 0.8')
  })

  it('makes cases of tasks', async () => {
    const { body } = await api.call('POST', '/tasks', { workflow: 'parrot_names@1', input: { name: 'Kea' } })
    const taskId = String(body.taskId)
    await api.ended(taskId)
    const { code, stdout } = await cli('evaluate', 'parrot_names', '--from-task', taskId)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ id: taskId, input: { name: 'Kea' }, expected: { name: 'Kea' } })
    const other = await cli('evaluate', 'simple', '--from-task', taskId)
    expect(other.stderr).toContain(`task ${taskId} ran the workflow parrot_names, not simple`)
  })

  it('tells a wrong name or version before anything runs', async () => {
    const file = await fileOf(cases.slice(0, 3))
    const { code, stderr } = await cli('evaluate', 'parrot_names', '--cases', file, '--against', '7')
    expect(code).toBe(2)
    expect(stderr).toContain('there is no workflow "parrot_names@7"; there is parrot_names@1, parrot_names@2')
  })
})
