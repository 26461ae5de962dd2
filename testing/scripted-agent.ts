import * as z from 'zod'
import { type AgentContext, type DefinedAgent, defineAgent } from '../shared/agent/index.ts'
import type { AgentManifest } from '../shared/domain/agent.ts'
import { placeOf } from '../shared/domain/instance-path.ts'
import type { Json } from '../shared/domain/json.ts'
import { ownOf } from '../shared/domain/own.ts'
import { type Failure, failureOf } from './failure-of.ts'
import { issuesAt, refuse, VirtualSeconds } from './options/check.ts'

/** One call of a scripted agent. */
export type ScriptedCall = {
  /** The step's path: `summary`, `each[3]` for an item, `improve[2].draft` in a loop. */
  path: string
  capability: string
  /** The number of this agent's call for this step, from 1. */
  nth: number
  /** The number of the step's attempt over all agents, from 1. */
  attempt: number
}

/** Computes an output; an error that it throws is the agent's failure. */
export type Answer = (input: Json, call: ScriptedCall) => Json | Promise<Json>

/** The behaviour of a scripted agent in a call: it waits for `seconds`, then fails or answers. */
export type Act = {
  /** A value, or a function of the input; null by default. */
  output?: Json | Answer
  fails?: Failure
  /** How many calls of a step fail; all by default. */
  times?: number
  /** Virtual seconds that the call takes. */
  seconds?: number | ((call: ScriptedCall) => number)
  /** Reported cost beyond the price of the call. */
  costUsd?: number
  tokens?: number
}

/** A function, or the behaviour in every call, in the nth call of a step (the last one repeats), and at certain steps. */
export type Script =
  | Answer
  | (Act &
      Partial<Pick<AgentManifest, 'tags' | 'tenants' | 'model' | 'typicalSeconds'>> & {
        /** The capabilities of an agent with this id; by default the key of the script is its capability. */
        capabilities?: readonly string[]
        attempts?: readonly Act[]
        /** By path (`each[3]`) or by place (`each`); replaces the other members. */
        steps?: Readonly<Record<string, Answer | (Act & { attempts?: readonly Act[] })>>
        limits?: Partial<AgentManifest['limits']>
        price?: Partial<AgentManifest['price']>
      })

/** The maximum timeout of a manifest, so that only the step's timeout ends a script. */
const PATIENT_SECONDS = 840

export type Scripting = {
  /** Waits for virtual seconds. */
  sleep(seconds: number, signal: AbortSignal): Promise<void>
  /** Fails the test: a mistake in a script is not a failure of the agent. */
  onMistake(error: unknown): void
}

type Scripted = {
  id: string
  capabilities: readonly string[]
  script: Script
  /** The place of the script in the options of the test. */
  place: string
}

/** An agent that follows a script. */
export function scriptedAgent(
  { id, capabilities, script, place }: Scripted,
  { sleep, onMistake }: Scripting,
): DefinedAgent {
  const facts = typeof script === 'function' ? {} : script
  const { limits, price, typicalSeconds, tags, tenants, model } = facts
  const calls = new Map<string, number>()
  const schemas = { description: 'scripted for a test', input: z.json(), output: z.json() }
  return defineAgent({
    id,
    version: '1.0.0',
    description: 'scripted for a test',
    capabilities: Object.fromEntries(capabilities.map((name) => [name, schemas])),
    limits: { timeoutSeconds: PATIENT_SECONDS, ...limits },
    price,
    ...(typicalSeconds === undefined ? {} : { typicalSeconds }),
    ...(tags ? { tags } : {}),
    ...(tenants ? { tenants } : {}),
    ...(model ? { model } : {}),
    async execute({ capability, input }, context) {
      const { path } = context.step
      const key = `${context.task.id} ${path}`
      const nth = 1 + (calls.get(key) ?? 0)
      calls.set(key, nth)
      const call: ScriptedCall = { path, capability, nth, attempt: context.attempt }
      const wait = async (seconds: number): Promise<void> => {
        requireSeconds(place, seconds, onMistake)
        if (seconds > 0) await sleep(seconds, context.signal)
      }
      return perform(actOf(script, call), input as Json, call, { context, wait })
    },
  })
}

function actOf(script: Script, { path, nth }: ScriptedCall): Act {
  if (typeof script === 'function') return { output: script }
  const { steps = {}, ...always } = script
  const own = ownOf(steps, path) ?? ownOf(steps, placeOf(path)) ?? always
  if (typeof own === 'function') return { output: own }
  const { attempts = [], ...rest } = own
  return { ...rest, ...attempts[Math.min(nth, attempts.length) - 1] }
}

async function perform(
  { output = null, fails, times = Number.POSITIVE_INFINITY, seconds = 0, costUsd, tokens }: Act,
  input: Json,
  call: ScriptedCall,
  { context, wait }: { context: AgentContext; wait(seconds: number): Promise<void> },
): Promise<Json> {
  if (costUsd !== undefined || tokens !== undefined)
    context.spend({
      ...(costUsd === undefined ? {} : { costUsd }),
      ...(tokens === undefined ? {} : { tokens }),
    })
  await wait(typeof seconds === 'function' ? seconds(call) : seconds)
  if (fails !== undefined && call.nth <= times)
    throw failureOf(fails, `scripted for call ${call.nth} of ${call.path}`)
  return typeof output === 'function' ? output(input, call) : output
}

/** Throws a TypeError, and fails the test, when a script's function returns no valid duration. */
function requireSeconds(place: string, seconds: number, onMistake: Scripting['onMistake']): void {
  try {
    refuse(issuesAt(`${place}.seconds()`, VirtualSeconds, seconds, 'seconds'), 'testWorkflow')
  } catch (error) {
    onMistake(error)
    throw error
  }
}
