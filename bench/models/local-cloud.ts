import { join } from 'node:path'
import { startLocalCloud } from '../../local/local-cloud.ts'
import { makeClient } from '../../shared/client/index.ts'
import { removeAltered, replaceAgent } from '../../test/support/cloud/altered-assembly.ts'
import { HeldStream } from '../../test/support/models/held-stream.ts'
import { type Figure, figureOf } from './figure.ts'

const ID = 'amazon.nova-lite-v1:0'
const MODELS = {
  default: {
    provider: 'bedrock',
    id: ID,
    structured: 'tool',
    contextTokens: 100_000,
    price: { input: 1, output: 1 },
  },
}
const TURNS = 50
const OPEN = ['queued', 'planning', 'running', 'waiting']
/** Milliseconds. */
const MOST_OVERHEAD = 8
const MOST_TO_WATCHER = 1_000

/** How much is measured. */
export type Sizes = { calls: number; loops: number; watched: number }

/** The local cloud with an agent's bundle in its sandbox, whose model answers at once, by the local Bedrock. */
export async function measureLocalCloud({ calls, loops, watched }: Sizes): Promise<Figure[]> {
  const assembly = await replaceAgent('language', join(import.meta.dirname, 'calling-agent.ts'), MODELS)
  const rules = [
    ...Array.from({ length: loops + 1 }, (_, at) => loopRule(`loop-${at};`)),
    { answers: [{ text: 'Hello.' }] },
  ]
  try {
    const cloud = await startLocalCloud({ assembly, models: { script: { rules } } })
    try {
      const run = runOn(cloud.apiUrl)
      // The first calls load modules, and open connections.
      await run({ kind: 'gate', times: 10 })
      await run({ kind: 'adapter', times: 10 })
      const [bare, plain, held] = [
        await run({ kind: 'adapter', times: calls }),
        await run({ kind: 'gate', times: calls }),
        await run({ kind: 'gate', times: calls }, 10),
      ]
      await run({ kind: 'loop', times: TURNS, name: 'loop-0;' })
      const turns: number[] = []
      for (let at = 1; at <= loops; at++)
        turns.push(...(await run({ kind: 'loop', times: TURNS, name: `loop-${at};` }, 10)))
      const { median } = figureOf({ name: '', unit: '' }, bare)
      return [
        figureOf({ name: 'a call by the adapter alone', unit: 'ms' }, bare),
        figureOf({ name: 'a call by the gate', unit: 'ms' }, plain),
        figureOf({ name: 'a call by the gate, in a task with a budget', unit: 'ms' }, held),
        figureOf(
          { name: 'what the gate adds, without a budget', unit: 'ms', most: MOST_OVERHEAD },
          plain.map((one) => one - median),
        ),
        figureOf(
          { name: 'what the gate adds, with a budget', unit: 'ms', most: MOST_OVERHEAD },
          held.map((one) => one - median),
        ),
        figureOf(
          { name: `turns of runTools, loops of ${TURNS} with a budget`, unit: '/s' },
          turns.map((one) => 1_000 / one),
        ),
        ...(await measureWatcher(assembly, watched)),
      ]
    } finally {
      await cloud.stop()
    }
  } finally {
    removeAltered()
  }
}

/** All turns of a loop but the last call the tool; the name stands in the prompt, and in what the tool answers. */
const loopRule = (name: string) => ({
  contains: name,
  answers: [
    ...Array.from({ length: TURNS - 1 }, (_, at) => ({ calls: [{ name: 'step', input: { at } }] })),
    { text: 'Done.' },
  ],
})

/** Runs the agent once, and returns what it has measured. */
function runOn(baseUrl: string) {
  const ask = makeClient({ baseUrl })
  return async (asked: object, budgetUsd?: number): Promise<number[]> => {
    const steps = {
      write: { capability: 'text.write', input: { task: JSON.stringify(asked) }, retry: { maxAttempts: 1 } },
    }
    const workflow = { name: 'bench', steps, output: '{% $steps.write.text %}' }
    const { taskId } = await ask('submitTask', {
      workflow,
      input: {},
      ...(budgetUsd === undefined ? {} : { budgetUsd }),
    })
    for (;;) {
      const { status, ...task } = await ask('getTask', { id: taskId })
      if (status === 'succeeded') break
      if (!OPEN.includes(status)) throw new Error(`the task is ${status}: ${JSON.stringify(task)}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const { result } = await ask('getTaskResult', { id: taskId })
    return JSON.parse(String(result)) as number[]
  }
}

/** From the first byte of the model to what a watcher sees who asks every 25 ms. */
async function measureWatcher(assembly: string, runs: number): Promise<Figure[]> {
  const held = await HeldStream.start()
  const cloud = await startLocalCloud({ assembly, models: { url: held.url } })
  try {
    const ask = makeClient({ baseUrl: cloud.apiUrl })
    const milliseconds: number[] = []
    for (let run = 0; run <= runs; run++) {
      const steps = { write: { capability: 'text.write', input: { task: '{"kind":"gate","times":1}' } } }
      const { taskId } = await ask('submitTask', { workflow: { name: 'watched', steps }, input: {} })
      const said = async () => (await ask('getTask', { id: taskId, watch: true })).steps[0]?.said
      await said()
      const call = await held.call()
      const from = await call.say('Once')
      while ((await said()) !== 'Once') await new Promise((resolve) => setTimeout(resolve, 25))
      // The first is that of a cold function.
      if (run > 0) milliseconds.push(performance.now() - from)
      await call.end()
    }
    return [
      figureOf(
        { name: "a watcher sees the model's first text after", unit: 'ms', most: MOST_TO_WATCHER },
        milliseconds,
      ),
    ]
  } finally {
    await cloud.stop()
    await held[Symbol.asyncDispose]()
  }
}
