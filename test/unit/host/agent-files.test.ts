import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type AgentContext, type FileData, RetryableError } from '../../../shared/agent/index.ts'
import { referenceOf } from '../../../shared/domain/task-file.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { workingAgent } from '../../support/agents/working-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

type Files = AgentContext['files']

let world: ReturnType<typeof hostInMemory>
let taskId: string
let invocations: number
beforeEach(async () => {
  world = hostInMemory()
  invocations = 0
  const steps = { a: { capability: 'work.do' }, b: { capability: 'work.do', input: '{% $input %}' } }
  taskId = await seedTask(world.ports, { steps, agents: [makeAgent()], input: {} })
})

/** One call of step "a": what the agent does with its files is its output. */
async function call(
  work: (files: Files, context: AgentContext) => Promise<unknown>,
  { second = 0, path = 'a' } = {},
) {
  const agent = workingAgent(
    async (_input, context) => ({ got: (await work(context.files, context)) ?? null }),
    {
      input: z.unknown(),
      output: z.object({ got: z.unknown() }),
    },
  )
  const EnteredTime = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const payload = { taskId, path, state: { EnteredTime, RetryCount: 0 }, redrives: 0 }
  const invocation = { id: `request-${++invocations}`, remainingMs: () => 60_000 }
  const failed = await runStep(world.hosts)(agent, payload, invocation).then(
    () => undefined,
    (error: Error) => `${error.name}: ${error.message}`,
  )
  const [record] = await world.ports.steps.findSteps(taskId, [path])
  const output = record?.output && (await world.ports.values.loadValue(record.output))
  return { failed, got: (output as { got: unknown } | undefined)?.got, record }
}

const filesOf = async () => (await world.ports.taskFiles.listFiles(taskId, { limit: 100 })).files
const textOf = async (key: string) => Buffer.from(await world.ports.files.read(key, 1e9)).toString()
const write = (name: string, data: FileData, options?: { contentType: string }) =>
  call((files) => files.write(name, data, options))

describe('a file that an agent writes', () => {
  const bytes = new TextEncoder().encode('naïve €')
  it.each<[string, () => FileData]>([
    ['text', () => 'naïve €'],
    ['bytes', () => bytes],
    ['a Readable of Node.js', () => Readable.from([bytes.subarray(0, 3), bytes.subarray(3)])],
    ['a Readable of text', () => Readable.from(['naïve', ' €'])],
    ['a ReadableStream', () => new Blob([bytes]).stream()],
    [
      'an async iterable whose memory is reused',
      async function* () {
        const one = new Uint8Array(1)
        for (const byte of bytes) {
          one[0] = byte
          yield one
        }
      },
    ],
  ])('may be %s', async (_kind, data) => {
    const { got } = await write('a.txt', data())
    expect(await textOf((got as { $file: string }).$file)).toBe('naïve €')
    expect(await filesOf()).toMatchObject([
      { name: 'a.txt', bytes: 10, path: 'a', attempt: 1, agentId: 'worker' },
    ])
  })

  it('keeps characters whose halves come in two chunks, and long text', async () => {
    const halves = '😀'.split('')
    const { got } = await write('halves', Readable.from(['a', ...halves, 'b'], { objectMode: true }))
    expect(await textOf((got as { $file: string }).$file)).toBe('a😀b')
    const long = `x${'😀'.repeat(600_000)}`
    const second = await call((files) => files.write('long', long), { path: 'b' })
    expect((await textOf((second.got as { $file: string }).$file)) === long).toBe(true)
  })

  it('is there before its record, and its record before its reference is known (files/F2)', async () => {
    const order: string[] = []
    const { files, taskFiles } = world.hosts
    world.hosts.files = {
      ...files,
      write: async (...given) => {
        const stored = await files.write(...given)
        order.push(`stored, ${(await filesOf()).length} records`)
        return stored
      },
    }
    world.hosts.taskFiles = {
      ...taskFiles,
      addFile: (file) => taskFiles.addFile(file).then(() => void order.push('record')),
    }
    await call(async (own) => {
      await own.write('a', 'x')
      order.push('known')
    })
    expect(order).toEqual(['stored, 0 records', 'record', 'known'])
  })

  it('may be empty', async () => {
    for (const [name, data] of [
      ['a', ''],
      ['b', new Uint8Array()],
      ['c', Readable.from([])],
    ] as const) {
      world = hostInMemory()
      taskId = await seedTask(world.ports, { steps: { a: { capability: 'work.do' } }, agents: [makeAgent()] })
      const { got } = await write(name, data)
      expect([await textOf((got as { $file: string }).$file), (await filesOf())[0]?.bytes]).toEqual(['', 0])
    }
  })

  it.each([
    ['a.csv', 'x', undefined, 'text/csv; charset=utf-8'],
    ['A.PNG', new Uint8Array(), undefined, 'image/png'],
    ['notes', 'x', undefined, 'text/plain; charset=utf-8'],
    ['notes.constructor', new Uint8Array(), undefined, 'application/octet-stream'],
    ['a.csv', 'x', 'text/tab-separated-values', 'text/tab-separated-values'],
  ])('%s has a content type: its own, or that of its name', async (name, data, given, contentType) => {
    await write(name, data, given === undefined ? undefined : { contentType: given })
    expect(await filesOf()).toMatchObject([{ contentType }])
  })

  it('is read by the next agent, as a stream and as text', async () => {
    const { got } = await write('charts/notes.md', '# Hello')
    const reference = got as { $file: string }
    const next = await call(
      async (files) => {
        const { body, ...told } = await files.read(reference)
        const text = Buffer.concat(await Array.fromAsync(body as AsyncIterable<Uint8Array>)).toString()
        return { told, text, again: await files.readText(reference), listed: await files.list(reference) }
      },
      { path: 'b' },
    )
    expect(next.got).toMatchObject({
      told: { key: reference.$file, name: 'notes.md', bytes: 7, contentType: 'text/markdown; charset=utf-8' },
      text: '# Hello',
      again: '# Hello',
      listed: [{ key: reference.$file, bytes: 7 }],
    })
  })
})

describe('what is refused', () => {
  it.each([
    '',
    '..',
    '../x',
    'a/../../x',
    '/etc/passwd',
    'a//b',
    './a',
    'a\\b',
    'a\u0000b',
    'a\r\nSet-Cookie: x',
    'invoice\u202egnp.exe',
    'x'.repeat(256),
    `${'y'.repeat(200)}/${'y'.repeat(200)}`,
    'ก'.repeat(100),
    ' a',
    'a/b ',
    '\ud800',
    '${filename}',
  ])('the name %j', async (name) => {
    const { failed } = await write(name, 'x')
    expect(failed).toMatch(/^AgentFinalError: the name of a file is not right: /)
    expect(await filesOf()).toEqual([])
  })

  it.each([
    'a b.txt',
    'ü/é/日本.txt',
    'a+b&c=d?e#f%20.csv',
    'it\'s "quoted" (1).csv',
    '.hidden',
    'con',
    'a/b/c/d',
  ])('not the name %j', async (name) => {
    const { failed, got } = await write(name, name)
    expect(failed).toBeUndefined()
    expect(await textOf((got as { $file: string }).$file)).toBe(name)
  })

  it.each(['x', 'text/html\r\nx: y', 'text/html;\r\na=b', '', 'text/', 'a/b; c'])(
    'the content type %j',
    async (contentType) => {
      const { failed } = await write('a', 'x', { contentType })
      expect(failed).toMatch(/^AgentFinalError: the content type of the file "a" is not right: /)
    },
  )

  it.each<[string, unknown, string]>([
    ['a number', 5, 'is given as 5; a file is made of text'],
    ['nothing', undefined, 'is given as nothing'],
    ['an object', { a: 1 }, 'is given as {"a":1}'],
    ['a stream of objects', Readable.from([{ a: 1 }]), 'chunk 0 of the file "a" is {"a":1}'],
  ])('%s as content', async (_kind, data, told) => {
    const { failed } = await call((files) => files.write('a', data as string))
    expect(failed).toContain('AgentFinalError')
    expect(failed).toContain(told)
  })

  it('a second file of the same name in an attempt, also at once (files/F3)', async () => {
    const { failed } = await call((files) => Promise.all([files.write('a', '1'), files.write('a', '2')]))
    expect(failed).toContain('AgentFinalError: this attempt has written the file "a" already')
  })

  it('not a name whose first writing has failed', async () => {
    const { got } = await call(async (files) => {
      await files.write('a', Readable.from(failing())).catch(() => {})
      return files.write('a', 'whole')
    })
    expect(await textOf((got as { $file: string }).$file)).toBe('whole')
  })

  it.each([
    ['exactly as much as a file may have', 10, undefined],
    ['a byte more', 11, 'AgentFinalError: the file "a" has more than 10 bytes'],
  ])('%s', async (_what, size, failure) => {
    world.hosts.fileLimits = { maxBytes: 10, maxFiles: 5 }
    const { failed } = await write('a', 'x'.repeat(size))
    expect(failed?.slice(0, failure?.length)).toBe(failure)
    expect(await filesOf()).toHaveLength(failure ? 0 : 1)
  })

  it('one file more than a task may have, over all its steps', async () => {
    world.hosts.fileLimits = { maxBytes: 10, maxFiles: 3 }
    await call((files) => Promise.all(['1', '2'].map((name) => files.write(name, ''))))
    const { failed } = await call((files) => Promise.all(['3', '4'].map((name) => files.write(name, ''))), {
      path: 'b',
    })
    expect(failed).toMatch(/^AgentFinalError: the task has written 3 files, .*: "[34]" is one too many/)
  })

  it('nothing is kept of a content that fails, and its error is the agent', async () => {
    const { failed } = await write('a', Readable.from(failing()))
    expect([failed, await filesOf()]).toEqual(['AgentFailedError: the source broke', []])
    expect(await world.ports.files.list(`task-files/default/${taskId}/`, 9)).toEqual([])
  })
})

async function* failing() {
  yield Buffer.from('half')
  throw new Error('the source broke')
}

describe('a file of another', () => {
  const other = (more: object) =>
    referenceOf({ tenant: 'default', taskId, id: `f_${'0'.repeat(26)}`, name: 'a', ...more }).$file
  const elsewhere = `t_${'9'.repeat(26)}`

  it.each([
    ['tenant', { tenant: 'rival', taskId: elsewhere }],
    ['tenant that is named like the path to it', { tenant: '../rival', taskId: elsewhere }],
  ])('%s is as if it were not there (files/F1)', async (_whose, more) => {
    const key = other(more)
    await world.ports.files.write(key, Readable.from([Buffer.from('secret')]), {
      contentType: 'a/b',
      maxBytes: 99,
    })
    const { got } = await call(async (files) => {
      const reads = [files.readText(key), files.read({ $file: key }), files.list({ $file: key })]
      const outcomes = await Promise.allSettled(reads)
      return outcomes.map((one) => (one.status === 'rejected' ? (one.reason as Error).name : 'read'))
    })
    expect(got).toEqual(['NotFoundError', 'NotFoundError', 'NotFoundError'])
  })

  it.each(['files/@rival/f/x.csv', 'files/@rival/f/'])(
    'tenant has uploaded it: %s (files/F1)',
    async (key) => {
      await world.ports.files.write('files/@rival/f/x.csv', Readable.from([Buffer.from('secret')]), {
        contentType: 'a/b',
        maxBytes: 99,
      })
      const { got } = await call(async (files) => {
        const reads = [files.readText(key), files.read({ $file: key }), files.list({ $file: key })]
        const outcomes = await Promise.allSettled(reads)
        return outcomes.map((one) => (one.status === 'rejected' ? (one.reason as Error).name : 'read'))
      })
      expect(got).toEqual(['NotFoundError', 'NotFoundError', 'NotFoundError'])
    },
  )

  it.each(['tasks/t_1/x.json', 'task-files/', 'tasks/', 'files/../tasks/x', 'task-files/default/x/y/z'])(
    'kind is no file: %s',
    async (key) => {
      expect((await call((files) => files.readText(key))).failed).toMatch(/^InvalidInputError: /)
    },
  )

  it.each([
    ['task', { taskId: elsewhere }, 'an output names files of its own task'],
    ['tenant', { tenant: 'rival' }, 'an output names files of its own task'],
    ['name, which nobody has written', {}, 'no agent has written it'],
  ])('%s may not stand in an output (files/F4)', async (_whose, more, told) => {
    const { failed } = await call(async () => ({ deep: [{ $file: other(more) }] }))
    expect(failed).toContain(
      'AgentOutputError: worker answered output.got.deep[0] with the file "task-files/',
    )
    expect(failed).toContain(told)
  })

  it('what is only written like a reference may not either', async () => {
    const { failed } = await call(async () => ({ $file: 'task-files/../tasks/x.json' }))
    expect(failed).toContain('AgentOutputError')
  })

  it("stands in an output where the step's input has it, and so do uploads", async () => {
    const given = { $file: other({ taskId: elsewhere }) }
    const steps = { a: { capability: 'work.do', input: { of: given } } }
    taskId = await seedTask(world.ports, { steps, agents: [makeAgent()], input: {} })
    const answer = { again: given, upload: { $file: 'files/f/x.csv' }, other: { $file: 5 } }
    expect((await call(async () => answer)).got).toEqual(answer)
  })
})

describe('a later attempt', () => {
  it('writes the same name again, and the record says which attempt it was', async () => {
    await call(async (files) => {
      await files.write('a', 'first')
      throw new RetryableError('boom')
    })
    await call((files) => files.write('a', 'second'), { second: 1 })
    expect((await filesOf()).map(({ name, attempt }) => [name, attempt])).toEqual([
      ['a', 1],
      ['a', 2],
    ])
  })

  it('takes over a file that `once` has kept (files/F5)', async () => {
    const kept = (files: Files, { once }: AgentContext) =>
      once('file', async () => ({ ...(await files.write('a', 'x')) }))
    await call(async (files, context) => {
      await kept(files, context)
      throw new RetryableError('boom')
    })
    const { got, record } = await call(kept, { second: 1 })
    const [file] = await filesOf()
    expect([got, file?.attempt, file?.fence, file?.owner]).toEqual([
      referenceOf(file ?? { tenant: '', taskId: '', id: '', name: '' }),
      1,
      record?.fence,
      record?.owner,
    ])
  })
})
