/**
 * The thread in which users' expressions are evaluated. It has nothing of the process's environment, and creates a realm that has
 * nothing but the language and cannot turn text into code. Only texts go into the realm and come out of it.
 */
import { readFileSync } from 'node:fs'
import { constants, createContext, Script } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { evaluateInOrder } from '../../shared/workflow/evaluate-in-order.ts'
import type { Evaluated } from '../../shared/workflow/evaluate-text.ts'
import type { FromIsolate, IsolateData, ToIsolate } from './messages.ts'
import type {} from './realm.ts'

const { realm, progress } = workerData as IsolateData
const context = createContext(constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: false } })
new Script(readFileSync(new URL(realm), 'utf8'), { filename: 'realm.js' }).runInContext(context)
const evaluateInRealm = new Script('evaluateInRealm').runInContext(
  context,
) as typeof globalThis.evaluateInRealm

/**
 * Detects an evaluation that never settles. The realm has no timers and no messages: a promise that is still pending when the
 * microtask queue is empty (a value with a member `then` that never calls back) stays pending for ever.
 */
const standstill = (): Promise<Evaluated> =>
  new Promise((resolve) => setImmediate(resolve, { error: 'it waits for what never comes' }))

parentPort?.on('message', async (evaluations: ToIsolate) => {
  const answers = await evaluateInOrder(evaluations, async ({ text, names, random }) => {
    const evaluated = await Promise.race([evaluateInRealm(text, names, random), standstill()])
    Atomics.add(progress, 0, 1)
    return evaluated
  })
  parentPort?.postMessage(answers satisfies FromIsolate)
})
