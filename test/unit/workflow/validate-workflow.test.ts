import { describe, expect, it } from 'vitest'
import { graphOfWorkflow } from '../../../shared/workflow/step-needs.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const issuesOf = (source: unknown) =>
  validateWorkflow(source).issues.map(({ code, path }) => `${code} ${path}`)
const withSteps = (steps: object) => ({ name: 'w', steps })

describe('validateWorkflow', () => {
  it('accepts a workflow in YAML and fills in defaults', () => {
    const { workflow } = validateWorkflow('name: hello\nsteps:\n  say: { capability: echo }\n')
    expect(workflow).toMatchObject({
      name: 'hello',
      version: 1,
      steps: { say: { join: 'all', onFailure: 'fail' } },
    })
  })

  it('returns every issue, not the first', () => {
    const steps = {
      and: { capability: 'echo' },
      a: { capability: 'echo', input: { x: '{% $steps.b.y + %}' } },
      c: { capability: 'echo', input: { x: '{% $nope %}' }, needs: ['zzz'] },
      d: { capability: 'Not A Name' },
      e: {},
      f: { capability: 'echo', when: 'yes' },
    }
    expect(issuesOf(withSteps(steps)).sort()).toEqual([
      'bad-expression steps.a.input.x',
      'invalid-value steps.and',
      'invalid-value steps.d.capability',
      'no-kind steps.e',
      'not-an-expression steps.f.when',
      'unknown-name steps.c.input.x',
      'unknown-step steps.c.needs[0]',
    ])
  })

  it('names the steps of a cycle in order', () => {
    const { issues } = validateWorkflow(
      withSteps({
        a: { capability: 'echo', needs: ['c'] },
        b: { capability: 'echo', input: '{% $steps.a %}' },
        c: { capability: 'echo', needs: ['b'] },
      }),
    )
    expect(issues).toEqual([
      { code: 'cycle', path: 'steps', message: 'steps wait for each other in a circle: a -> b -> c -> a' },
    ])
  })

  it('names a step that needs itself', () => {
    const { issues } = validateWorkflow(withSteps({ a: { capability: 'echo', needs: ['a'] } }))
    expect(issues[0]?.message).toContain('a -> a')
  })

  it('suggests the nearest name', () => {
    const { issues } = validateWorkflow(
      withSteps({ outline: { capability: 'echo' }, write: { capability: 'echo', needs: ['outlin'] } }),
    )
    expect(issues[0]?.message).toBe(
      'step "write" needs "outlin", which is not in this workflow; did you mean "outline"? (known: outline, write)',
    )
  })

  it('says where YAML stops being YAML', () => {
    const { issues } = validateWorkflow('name: x\nsteps: [')
    expect(issues[0]).toMatchObject({
      code: 'bad-syntax',
      path: '',
      line: 2,
      column: 9,
      text: 'steps: [',
    })
  })

  it('wants the steps by name, or what to wait for, where $steps is read as a whole', () => {
    expect(issuesOf(withSteps({ a: { capability: 'echo', input: '{% $lookup($steps, "b") %}' } }))).toEqual([
      'dynamic-steps steps.a.input',
    ])
    expect(
      issuesOf(
        withSteps({
          b: { capability: 'echo' },
          a: { capability: 'echo', needs: ['b'], input: '{% $keys($steps) %}' },
        }),
      ),
    ).toEqual([])
  })

  it('knows variables that an expression binds itself', () => {
    const input = '{% ($total := function($x){$x * 2}; $map($input.list, function($v){$total($v)})) %}'
    expect(issuesOf(withSteps({ a: { capability: 'echo', input } }))).toEqual([])
  })

  it('refuses an approval without a timeout', () => {
    expect(issuesOf(withSteps({ ask: { approval: { prompt: 'Go?' } } }))).toEqual([
      'invalid-value steps.ask.approval.timeoutSeconds',
    ])
  })

  it('refuses an input schema that it could not check', () => {
    expect(issuesOf({ name: 'w', input: { type: 'strnig' }, steps: { a: { capability: 'echo' } } })).toEqual([
      'bad-schema input',
    ])
  })

  it.each([
    [
      'an expression without end',
      { capability: 'echo', input: 'hello {% $input.x' },
      'unclosed-expression input',
    ],
    [
      'one of two expressions of a text',
      { capability: 'echo', input: ['{% $input.x %} and {% $steps.none %}'] },
      'unknown-step input[0]',
    ],
    ['a condition in words', { capability: 'echo', when: 'if {% true %}' }, 'not-an-expression when'],
    ['an agent by expression', { agent: '{% $input.a %}' }, 'expression-not-evaluated agent'],
    [
      'an expression among the choices',
      { approval: { prompt: 'Go?', timeoutSeconds: 9, choices: ['yes {% $input.a %}'] } },
      'expression-not-evaluated approval.choices[0]',
    ],
    ['seconds in words', { wait: { seconds: '{% 1 %}0' } }, 'invalid-value wait.seconds'],
    ['a list as text', { capability: 'echo', forEach: '[1]' }, 'not-an-expression forEach'],
    [
      'a share above all',
      { capability: 'echo', forEach: '{% [1] %}', tolerate: '200%' },
      'invalid-value tolerate',
    ],
    ['what only fan-outs have', { capability: 'echo', tolerate: 1 }, 'without-for-each tolerate'],
    ['no seconds', { wait: { seconds: 'soon' } }, 'invalid-value wait.seconds'],
    ['seconds before now', { wait: { seconds: -4 } }, 'invalid-value wait.seconds'],
    ['no time', { wait: { until: 'tomorrow' } }, 'invalid-value wait.until'],
    ['the 30th of February', { wait: { until: '2027-02-30T00:00:00Z' } }, 'invalid-value wait.until'],
    ['a text that Date.parse takes for a time', { wait: { until: 'room 12' } }, 'invalid-value wait.until'],
    ['a wait for nothing', { wait: 5 }, 'invalid-value wait'],
    [
      'a choice that no answer can name',
      { approval: { prompt: 'Go?', timeoutSeconds: 1, choices: ['x'.repeat(201)] } },
      'invalid-value approval.choices',
    ],
    [
      'no choice',
      { approval: { prompt: 'Go?', timeoutSeconds: 1, choices: [] } },
      'invalid-value approval.choices',
    ],
    [
      'a timeout that is no choice',
      { approval: { prompt: 'Go?', timeoutSeconds: 1, onTimeout: 'maybe' } },
      'invalid-value approval.onTimeout',
    ],
    [
      'an approver by a scope that there is not',
      { approval: { prompt: 'Go?', timeoutSeconds: 1, approvers: ['scope/tasks:aprove'] } },
      'invalid-value approval.approvers',
    ],
    [
      'somebody who cannot be kept from deciding',
      { approval: { prompt: 'Go?', timeoutSeconds: 1, notBy: 'author' } },
      'invalid-value approval.notBy',
    ],
    ['no type of an event', { emit: { type: 'bad type!' } }, 'invalid-value emit.type'],
    ['no recipient of a message', { send: { to: 'somebody' } }, 'invalid-value send.to'],
    ['a step that is not there as a recipient', { send: { to: 'step:heer' } }, 'unknown-step send.to'],
    ['no topic', { send: { to: 'topic:Bad Topic' } }, 'invalid-value send.to'],
    [
      'no sender that is waited for',
      { wait: { message: { from: 'bob' }, timeoutSeconds: 1 } },
      'invalid-value wait.message.from',
    ],
    [
      'no topic that is waited for',
      { wait: { message: { topic: 'A b' }, timeoutSeconds: 1 } },
      'invalid-value wait.message.topic',
    ],
    ['a wait for a message without an end', { wait: { message: {} } }, 'invalid-value wait.timeoutSeconds'],
    ['no policy', { capability: 'echo', onFailure: 'skip' }, 'invalid-value onFailure'],
    ['an unknown field', { capability: 'echo', retyr: {} }, 'unknown-field retyr'],
    ['a field of other steps', { wait: { seconds: 1 }, forEach: '{% [1] %}' }, 'unknown-field forEach'],
    [
      'a handler that is not there',
      { capability: 'echo', onFailure: { step: 'nope' } },
      'unknown-step onFailure.step',
    ],
    ['a version in words', { workflow: 'kid@latest' }, 'invalid-value workflow'],
  ])('refuses what could never work: %s', (_what, step, wanted) => {
    const [code, path] = wanted.split(' ')
    expect(issuesOf(withSteps({ s: step }))).toEqual([`${code} steps.s.${path}`])
  })

  it('names a step that can never run: it needs what fails and what handles the failure', () => {
    const steps = {
      a: { capability: 'echo', onFailure: { step: 'mend' } },
      mend: { capability: 'echo' },
      both: { capability: 'echo', needs: ['a', 'mend'] },
      after: { capability: 'echo', needs: ['both'] },
      either: { capability: 'echo', needs: ['a', 'mend'], join: 'any' },
      always: { capability: 'echo', needs: ['both'], join: 'settled' },
    }
    expect(issuesOf(withSteps(steps))).toEqual(['never-runs steps.both', 'never-runs steps.after'])
  })

  it('lets a handler need what it handles: it runs after the failure of another', () => {
    const steps = {
      a: { capability: 'echo', onFailure: { step: 'mend' } },
      mend: { capability: 'echo' },
      never: { capability: 'echo', needs: ['a', 'mend'], onFailure: { step: 'last' } },
      other: { capability: 'echo', onFailure: { step: 'last' } },
      last: { capability: 'echo', needs: ['never'] },
    }
    expect(issuesOf(withSteps(steps))).toEqual(['never-runs steps.never'])
  })

  it('lets the body of a loop see what is around it, and the loop wait for that', () => {
    const body = {
      draft: { capability: 'echo', input: { seed: '{% $steps.seed %}', before: '{% $previous.draft %}' } },
      judge: { capability: 'echo', input: '{% $steps.draft %}' },
    }
    const loop = { steps: body, until: '{% $steps.judge.score > $steps.least.score %}', maxIterations: 3 }
    const { workflow, issues } = validateWorkflow(
      withSteps({ seed: { capability: 'echo' }, least: { capability: 'echo' }, improve: { repeat: loop } }),
    )
    expect(issues).toEqual([])
    expect(graphOfWorkflow(workflow as never).get('improve')).toEqual(new Set(['least', 'seed']))
  })

  it('says what is wrong inside a loop, and where', () => {
    const body = {
      outer: { capability: 'echo' },
      a: { capability: 'echo', needs: ['b', 'seed'], when: 'yes' },
      b: { capability: 'echo', needs: ['a'], input: '{% $steps.nope %}' },
      c: { capability: 'echo', input: '{% $item %}' },
    }
    const loop = { repeat: { steps: body, until: 'done', maxIterations: 3 } }
    const steps = { outer: loop, seed: { capability: 'echo' }, after: { capability: 'echo', needs: ['a'] } }
    expect(issuesOf(withSteps(steps)).sort()).toEqual([
      'cycle steps.outer.repeat.steps',
      'duplicate-step steps.outer.repeat.steps.outer',
      'not-an-expression steps.outer.repeat.steps.a.when',
      'not-an-expression steps.outer.repeat.until',
      'unknown-name steps.outer.repeat.steps.c.input',
      'unknown-step steps.after.needs[0]',
      'unknown-step steps.outer.repeat.steps.a.needs[1]',
      'unknown-step steps.outer.repeat.steps.b.input',
    ])
    expect(
      issuesOf(withSteps({ l: { repeat: { steps: { d: {} }, until: '{% true %}', maxIterations: 3 } } })),
    ).toEqual(['no-kind steps.l.repeat.steps.d'])
    expect(
      issuesOf(withSteps({ l: { repeat: { steps: {}, until: '{% true %}', maxIterations: 3 } } })),
    ).toEqual(['no-steps steps.l.repeat.steps'])
  })
})
