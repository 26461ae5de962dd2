import { describe, expect, it } from 'vitest'
import { testWorkflow } from '../../../testing/index.ts'

const stated = (more: object = {}) => ({
  capability: '{% $input.capability %}',
  oneOf: ['text.shout', 'text.whisper'],
  bind: 'late',
  input: { text: '{% $input.text %}' },
  ...more,
})
const workflow = (more: object = {}, others: object = {}) => ({
  name: 'say',
  steps: { say: stated(more), ...others },
})
const agents = {
  'text.shout': (input: unknown) => ({ said: `${(input as { text: string }).text}!` }),
  'text.whisper': (input: unknown) => ({ said: `(${(input as { text: string }).text})` }),
}

describe('a capability that is the value of an expression (choice/C1, choice/C2, choice/C3)', () => {
  const run = (capability: unknown, more: object = {}, rest: object = {}) =>
    testWorkflow(workflow(more), {
      agents,
      input: { text: 'hello', ...(capability === undefined ? {} : { capability }) } as never,
      ...rest,
    })

  it('is chosen when the step begins, and shown with it', async () => {
    const loud = await run('text.shout')
    expect(loud.steps.say).toMatchObject({
      status: 'succeeded',
      capability: 'text.shout',
      agentId: 'text-shout',
      output: { said: 'hello!' },
    })
    const soft = await run('text.whisper')
    expect(soft.steps.say).toMatchObject({ capability: 'text.whisper', output: { said: '(hello)' } })
    expect(soft.calls.map(({ capability, agentId }) => [capability, agentId])).toEqual([
      ['text.whisper', 'text-whisper'],
    ])
  })

  it('is called of one agent that offers several', async () => {
    const both = {
      both: {
        capabilities: ['text.shout', 'text.whisper'],
        output: (_input: unknown, { capability }: { capability: string }) => capability,
      },
    }
    const { steps, calls } = await run('text.whisper', {}, { agents: both })
    expect(steps.say).toMatchObject({ output: 'text.whisper', agentId: 'both', capability: 'text.whisper' })
    expect(calls.map(({ capability }) => capability)).toEqual(['text.whisper'])
  })

  it.each([
    ['another capability', 'text.sing', '"text.sing"'],
    ['a slip', 'text.wisper', 'did you mean "text.whisper"?'],
    ['a number', 7, '7'],
    ['null', null, 'null'],
    ['nothing', undefined, 'nothing'],
    ['a list', ['text.shout'], '["text.shout"]'],
  ])('that comes to %s ends the step at once, and says what is allowed', async (_what, value, said) => {
    const { status, error, calls, steps } = await run(value)
    expect(status).toBe('failed')
    expect(error).toMatchObject({ name: 'CapabilityNotAllowedError', stepId: 'say' })
    expect(error?.message).toContain(said)
    expect(error?.message).toContain('allowed: text.shout, text.whisper')
    expect(calls).toEqual([])
    expect(steps.say).toMatchObject({ attempts: [], status: 'failed' })
  })

  it('goes on by onFailure', async () => {
    expect((await run('text.sing', { onFailure: 'continue' })).status).toBe('succeeded')
    const replaced = await run('text.sing', { onFailure: { output: '{% $error.name %}' } })
    expect(replaced.steps.say).toMatchObject({ status: 'succeeded', output: 'CapabilityNotAllowedError' })
  })

  it('whose expression fails is a failure of the input', async () => {
    const { error } = await run('text.shout', { capability: '{% $string($number($input.text)) %}' })
    expect(error?.name).toBe('InvalidInputError')
    expect(error?.message).toContain('capability')
  })

  it('is not evaluated in a step that is skipped, and calls nobody for that', async () => {
    const { steps, calls } = await run(7, { when: '{% false %}' })
    expect(steps.say).toMatchObject({ status: 'skipped', skipReason: 'its condition is not true' })
    expect(calls).toEqual([])
  })

  it('lets the steps go on that wait for one that was skipped', async () => {
    const { steps } = await testWorkflow(
      workflow(
        { when: '{% $input.text = "no" %}' },
        { after: { capability: 'text.shout', input: { text: 'after' }, needs: ['say'], join: 'settled' } },
      ),
      { agents, input: { capability: 'text.shout', text: 'yes' } },
    )
    expect(steps.after?.output).toEqual({ said: 'after!' })
  })

  it('is kept over retries and fallbacks: each is asked for the same', async () => {
    let calls = 0
    const { steps, calls: made } = await run(
      'text.whisper',
      {
        retry: { maxAttempts: 2 },
        fallback: ['backup', 'text.shout'],
        prefer: { quality: 0, cost: 1, latency: 0 },
      },
      {
        agents: {
          ...agents,
          'text.whisper': () => {
            calls += 1
            throw Object.assign(new Error('hoarse'), { name: 'AgentRetryableError' })
          },
          backup: {
            price: { perCallUsd: 5 },
            capabilities: ['text.shout', 'text.whisper'],
            output: (_input: unknown, { capability }: { capability: string }) => capability,
          },
        },
      },
    )
    expect(calls).toBe(2)
    expect(steps.say).toMatchObject({
      status: 'succeeded',
      output: 'text.whisper',
      agentId: 'backup',
      capability: 'text.whisper',
    })
    expect(made.map(({ capability }) => capability)).toEqual(['text.whisper', 'text.whisper', 'text.whisper'])
  })

  it('is chosen for each item of a fan-out, and for each round of a loop', async () => {
    const each = await testWorkflow(
      {
        name: 'each',
        steps: {
          say: stated({
            forEach: '{% $input.calls %}',
            capability: '{% $item.how %}',
            input: { text: '{% $item.text %}' },
          }),
        },
      },
      {
        agents,
        input: {
          calls: [
            { how: 'text.shout', text: 'a' },
            { how: 'text.whisper', text: 'b' },
          ],
        },
      },
    )
    expect(each.steps.say?.output).toEqual([{ said: 'a!' }, { said: '(b)' }])
    expect(each.steps['say[1]']).toMatchObject({ capability: 'text.whisper' })
    const loop = await testWorkflow(
      {
        name: 'loop',
        steps: {
          round: {
            repeat: {
              steps: {
                say: stated({
                  capability: '{% $iteration = 1 ? "text.shout" : "text.whisper" %}',
                  input: { text: 'x' },
                }),
              },
              until: '{% $iteration = 2 %}',
              maxIterations: 2,
            },
          },
        },
      },
      { agents, input: {} },
    )
    expect(loop.calls.map(({ capability }) => capability)).toEqual(['text.shout', 'text.whisper'])
  })

  it('has items that fail by it, which the fan-out tolerates', async () => {
    const { steps } = await testWorkflow(
      {
        name: 'each',
        steps: {
          say: stated({
            forEach: '{% ["text.sing", "text.shout"] %}',
            capability: '{% $item %}',
            input: { text: 'a' },
            tolerate: 1,
          }),
        },
      },
      { agents, input: {} },
    )
    expect(steps.say?.output).toEqual([null, { said: 'a!' }])
    expect(steps['say[0]']?.error?.name).toBe('CapabilityNotAllowedError')
  })

  it('reuses the output of the same capability only', async () => {
    const { result, calls } = await testWorkflow(
      {
        name: 'cached',
        steps: {
          a: stated({ capability: 'text.shout', oneOf: undefined, cache: { ttlSeconds: 60 } }),
          b: stated({ cache: { ttlSeconds: 60 }, needs: ['a'] }),
          c: stated({ capability: '{% "text.whisper" %}', cache: { ttlSeconds: 60 }, needs: ['b'] }),
        },
        output: '{% [$steps.a.said, $steps.b.said, $steps.c.said] %}',
      },
      { agents, input: { capability: 'text.shout', text: 'x' } },
    )
    expect(result).toEqual(['x!', 'x!', '(x)'])
    expect(calls.map(({ path }) => path)).toEqual(['a', 'c'])
  })

  it('is refused before it runs when nobody offers what it may come to', async () => {
    const refused = run('text.shout', { oneOf: ['text.shout', 'text.wisper'] })
    await expect(refused).rejects.toThrow('asks for capability "text.wisper"')
  })
})
