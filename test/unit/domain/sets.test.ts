import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import * as requests from '../../../shared/contracts/requests.ts'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const echo = { capability: 'echo' }
const ask = { prompt: 'Go?', timeoutSeconds: 60 }

describe('a list that means a set has each of its members once', () => {
  it.each<[string, object, object, string]>([
    ['fallback', { fallback: ['x', 'y.z'] }, { fallback: ['x', 'x'] }, '"x"'],
    ['prefer.tags', { prefer: { tags: ['eu', 'gpu'] } }, { prefer: { tags: ['eu', 'eu'] } }, '"eu"'],
  ])('%s of a step', (field, right, wrong, repeated) => {
    const issuesOf = (fields: object) =>
      validateWorkflow({ name: 'w', steps: { a: echo, b: echo, s: { ...echo, ...fields } } }).issues
    expect(issuesOf(right)).toEqual([])
    expect(issuesOf(wrong)).toEqual([
      {
        code: 'invalid-value',
        path: `steps.s.${field}`,
        message: expect.stringContaining(`; ${repeated} is there more than once`),
      },
    ])
  })

  it('needs of a step count once, for generated workflows have them doubled', () => {
    const steps = { a: echo, b: echo, s: { ...echo, needs: ['a', 'b', 'a'] } }
    const { workflow, issues } = validateWorkflow({ name: 'w', steps })
    expect([issues, workflow?.steps.s]).toEqual([[], expect.objectContaining({ needs: ['a', 'b'] })])
  })

  it.each<[string, object, object]>([
    ['approvers', { approvers: ['ann', 'bob'] }, { approvers: ['ann', 'ann'] }],
    ['choices', { choices: ['yes', 'no'] }, { choices: ['yes', 'yes'] }],
  ])('%s of an approval', (field, right, wrong) => {
    const issuesOf = (more: object) =>
      validateWorkflow({ name: 'w', steps: { s: { approval: { ...ask, ...more } } } }).issues
    expect(issuesOf(right)).toEqual([])
    expect(issuesOf(wrong).map(({ path }) => path)).toEqual([`steps.s.approval.${field}`])
  })

  it('taskTypes of a workflow', () => {
    const { issues } = validateWorkflow({ name: 'w', taskTypes: ['a', 'a'], steps: { s: echo } })
    expect(issues.map(({ path }) => path)).toEqual(['taskTypes'])
  })

  const manifest = {
    id: 'their',
    version: '1.0.0',
    description: '',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orchestrator-agent-their',
    capabilities: [{ name: 'work.do', description: '', inputSchema: {}, outputSchema: {} }],
  }
  const id = `t_${'0'.repeat(26)}`
  it.each<[string, z.ZodType, object, string, unknown[]]>([
    ['tags of an agent', requests.RegisterAgentSchema, manifest, 'tags', ['eu', 'gpu']],
    ['tenants of an agent', requests.RegisterAgentSchema, manifest, 'tenants', ['one', 'two']],
    ['tags of a task', requests.SubmitTaskSchema, { type: 't' }, 'prefer.tags', ['eu', 'gpu']],
    ['steps to do again', requests.ForkTaskSchema, { id }, 'redo', ['a', 'b']],
    ['files', requests.CreateFilesSchema, {}, 'files', [{ path: 'a' }, { path: 'b' }]],
  ])('%s', (_what, schema, base, path, members) => {
    const issuesOf = (list: unknown[]) => {
      const [field = '', inner] = path.split('.')
      const value = { ...base, [field]: inner ? { [inner]: list } : list }
      const { error } = schema.safeParse(value)
      return error ? issuesOfZod(error, { schema, value }).map((one) => one.path) : []
    }
    expect(issuesOf(members)).toEqual([])
    expect(issuesOf([...members, members[0]])).toEqual([path])
    expect(JSON.stringify(z.toJSONSchema(schema, { io: 'input' }))).toContain('"uniqueItems":true')
  })
})
