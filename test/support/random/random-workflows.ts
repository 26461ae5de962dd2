import fc from 'fast-check'
import { isJsonObject, type Json, type JsonObject } from '../../../shared/domain/json.ts'
import { type Behaviour, CAPABILITY } from '../cloud/workflow-world.ts'

/** A step before its context is known: numbers from 0 to 1 that decide its kind and its references. */
type Draft = { kind: number; needs: number[]; knobs: number[]; body: Draft[] }

const chance = fc.noBias(fc.integer({ min: 0, max: 999 })).map((thousandths) => thousandths / 1_000)

const draft = (depth: number, most: number): fc.Arbitrary<Draft> =>
  fc.record({
    kind: chance,
    needs: fc.array(chance, { minLength: most, maxLength: most }),
    knobs: fc.array(chance, { minLength: 10, maxLength: 10 }),
    body: depth > 0 ? fc.array(draft(depth - 1, 3), { minLength: 1, maxLength: 3 }) : fc.constant([]),
  })

/** Workflows of up to eight steps, with nested loops, fan-outs and fan-outs over several steps. */
export const workflows: fc.Arbitrary<{ name: string; steps: object }> = fc
  .array(draft(2, 8), { minLength: 1, maxLength: 8 })
  .map((drafts) => ({
    name: 'random',
    steps: stepsOf(drafts, 'a', { ids: [], inLoop: false, inEach: false }),
  }))

/** The context of a step: other steps, and names for its expressions. */
type Around = { ids: readonly string[]; inLoop: boolean; inEach: boolean }

function stepsOf(drafts: readonly Draft[], letter: string, around: Around): Record<string, object> {
  const ids = drafts.map((_draft, at) => `${letter}${at}`)
  const steps = Object.fromEntries(
    drafts.map((one, at) => [
      ids[at],
      stepOf(one, ids.slice(0, at), ids.slice(at + 1), around, ids[at] as string),
    ]),
  )
  return withErrors(steps)
}

/** A step that handles the failure of exactly one other step records which. */
function withErrors(steps: Record<string, Record<string, unknown>>): Record<string, object> {
  for (const [id, step] of Object.entries(steps)) {
    const handled = Object.values(steps).filter(
      ({ onFailure }) => (onFailure as { step?: string } | undefined)?.step === id,
    )
    if (handled.length === 1 && step.capability !== undefined)
      step.input = { ...(step.input as object), error: '{% $error.path %}' }
  }
  return steps
}

/** What is called, and when that is known: some steps compute it, a few of them to what they have not stated. */
function callOf(late: number): object {
  if (late >= 0.15) return { capability: CAPABILITY }
  if (late >= 0.08) return { capability: CAPABILITY, bind: 'late' }
  const capability = late < 0.02 ? '{% $string($count($input.list)) %}' : `{% "${CAPABILITY}" & "" %}`
  return { capability, oneOf: [CAPABILITY], bind: 'late' }
}

function stepOf(
  { kind, needs, knobs, body }: Draft,
  before: readonly string[],
  after: readonly string[],
  { ids: around, inLoop, inEach }: Around,
  id: string,
): Record<string, unknown> {
  const [
    join = 0,
    when = 0,
    failure = 0,
    retry = 0,
    late = 0,
    tolerate = 0,
    rounds = 0,
    until = 0,
    outer = 0,
    fallback = 0,
  ] = knobs
  const mentioned = before.filter((_id, at) => (needs[at] ?? 1) < 0.35)
  const needed = before.filter((_id, at) => (needs[at] ?? 0) > 0.85)
  const outside = outer < 0.4 ? around.slice(0, 1) : []
  const seen = [...mentioned, ...outside]
  const facts = {
    of: seen.map((one) => `{% $steps.${one}.h %}`),
    ...(mentioned[0] ? { status: `{% $status.${mentioned[0]} %}` } : {}),
    ...(mentioned[1] ? { error: `{% $errors.${mentioned[1]}.path %}` } : {}),
    ...(inEach ? { outerItem: '{% $item %}', outerIndex: '{% $index %}' } : {}),
    ...(inLoop ? { iteration: '{% $iteration %}', before: `{% $previous.${id}.h %}` } : {}),
  }
  const handler = pick(after, (failure * 7) % 1)
  const common = {
    join: pick(['all', 'all', 'any', 'settled'], join),
    onFailure:
      failure < 0.25
        ? 'fail'
        : failure < 0.5
          ? 'continue'
          : failure < 0.8 || !handler
            ? { output: { h: 'degraded', n: 0.5 } }
            : { step: handler },
    ...(needed.length > 0 ? { needs: needed } : {}),
    ...(when < 0.15 ? { when: `{% $steps.${mentioned[0] ?? outside[0] ?? id}.n > 0.4 %}` } : {}),
  }
  const valid = mentioned.length + outside.length > 0 ? common : { ...common, when: undefined }
  if (body.length > 0 && kind < 0.25) {
    const inner = { ids: [...before.slice(-1), ...around], inEach, inLoop: true }
    const inside = stepsOf(body, `${id}x`, inner)
    const last = Object.keys(inside).at(-1)
    const condition = until < 0.5 ? `$iteration = ${1 + Math.floor(until * 6)}` : `$steps.${last}.n > 0.5`
    return {
      ...valid,
      repeat: { steps: inside, until: `{% ${condition} %}`, maxIterations: 1 + Math.floor(rounds * 3) },
    }
  }
  if (body.length > 0 && kind > 0.8) {
    const inner = { ids: [...before.slice(-1), ...around], inEach: true, inLoop }
    const inside = stepsOf(body, `${id}x`, inner)
    const last = Object.keys(inside).at(-1)
    return {
      ...valid,
      forEach: rounds < 0.3 ? '{% $input.list %}' : `{% [$count($input.list), "x"] %}`,
      steps: inside,
      // Few enough items for one execution; otherwise each item has an execution of its own.
      ...(rounds < 0.7 ? { maxItems: 9 } : {}),
      ...(until < 0.5 ? { output: { h: `{% $steps.${last}.h %}`, of: '{% $item %}' } } : {}),
      maxConcurrency: until < 0.15 ? 41 : 1 + Math.floor(until * 4),
      tolerate: pick([0, 1, '50%', '100%'], tolerate),
    }
  }
  if (kind < 0.32) return { ...valid, emit: { type: 'random', data: { ...facts, h: 'emitted', n: 0.6 } } }
  if (kind < 0.37) return { ...valid, wait: { seconds: Math.floor(rounds * 100) } }
  if (kind < 0.44) {
    return {
      ...valid,
      approval: { prompt: 'Go?', timeoutSeconds: 30, ...(until < 0.5 ? { onTimeout: 'reject' } : {}) },
    }
  }
  if (kind < 0.5) {
    return {
      ...valid,
      converse: {
        ...{ input: facts, capabilities: [CAPABILITY], maxTurns: 1 + Math.floor(until * 4) },
        ...(tolerate < 0.4 ? { approve: [CAPABILITY], approvalTimeoutSeconds: 30 } : {}),
      },
    }
  }
  const agent = {
    ...valid,
    ...callOf(late),
    input: facts,
    ...(retry < 0.25 ? {} : { retry: policyOf(retry) }),
    ...(fallback < 0.1 ? { fallback: ['gamma', 'beta'] } : {}),
  }
  if (kind < 0.6) {
    const list = rounds < 0.5 ? '{% $input.list %}' : `{% [$count($input.list), "x"] %}`
    return {
      ...agent,
      forEach: list,
      input: { ...facts, item: '{% $item %}', index: '{% $index %}' },
      // Above 40, each item has an execution of its own.
      maxConcurrency: until < 0.2 ? 41 : 1 + Math.floor(until * 4),
      tolerate: pick([0, 1, '50%', '100%'], tolerate),
    }
  }
  return agent
}

const pick = <T>(options: readonly T[], at: number): T => options[Math.floor(at * options.length)] as T

/** Policies over all that `retry` may say, from a number between 0 and 1. */
const policyOf = (knob: number) => {
  const on = pick([undefined, ['error'], ['transient'], ['timeout'], ['error', 'timeout']], (knob * 16) % 1)
  return { maxAttempts: 1 + Math.floor(knob * 3), ...(on ? { on } : {}) }
}

/**
 * A turn of a conversation, as a model might take it: an end, or up to three calls, a few of them of what it may not call. What it comes to depends on what its
 * calls have come to, but for the words of their errors.
 */
function turnOf(luck: (what: string) => number, { turn, before = null, results = [] }: JsonObject): Json {
  const seen = JSON.stringify([turn, before, statusesIn(results)])
  const n = luck(`turn ${seen}`)
  if (n < 0.35) return { isOver: true, text: '', calls: [], result: { h: n.toString(36), n } }
  const calls = Array.from({ length: Math.floor(luck(`calls ${seen}`) * 4) }, (_, at) => {
    const isAllowed = luck(`call ${at} ${seen}`) > 0.1
    return { capability: isAllowed ? CAPABILITY : 'work.other', input: { at, n } }
  })
  return { isOver: false, text: '', calls, state: { h: n.toString(36) } }
}

const statusesIn = (results: unknown): Json =>
  Array.isArray(results)
    ? results.map((one) =>
        isJsonObject(one) ? [(one.status ?? null) as Json, (one.output ?? null) as Json] : null,
      )
    : null

/** Answers, durations and lost answers, derived from the request, so that equal requests have equal answers. */
export const behaviours: fc.Arbitrary<Behaviour> = fc
  .record({ seed: fc.integer(), trouble: chance })
  .map(({ seed, trouble }) => {
    const agents = ['alpha', 'beta', 'gamma']
    return {
      agents,
      runOf: ({ path, agentId, nth, input }) => {
        const milliseconds = Math.floor(hash(seed, `time ${path} ${agentId} ${nth}`) * 100)
        const luck = hash(seed, `luck ${path} ${agentId} ${nth}`) / trouble
        if (luck < 0.2) return { milliseconds, error: 'AgentRetryableError' }
        if (luck < 0.25)
          return { milliseconds, error: 'AgentRetryableError', retryAfterSeconds: 1 + 400 * luck }
        if (luck < 0.28) return { milliseconds, error: 'AgentFinalError' }
        if (luck < 0.31) return { milliseconds, error: 'Lambda.Unknown' }
        if (luck < 0.35) return { milliseconds, error: 'AgentFailedError' }
        if (luck < 0.45) return { milliseconds, error: 'StepTimedOutError' }
        if (luck < 0.48) return { milliseconds, error: 'InvalidInputError' }
        const turn = isJsonObject(input) && input.maxTurns !== undefined ? input : undefined
        if (turn) return { milliseconds, output: turnOf((what) => hash(seed, `${path} ${what}`), turn) }
        const n = hash(seed, `${path} ${agentId} ${JSON.stringify(input)}`)
        return { milliseconds, output: { h: n.toString(36), n } satisfies Json }
      },
      approvalOf: (path) => {
        const luck = hash(seed, `approval ${path}`)
        const milliseconds = Math.floor(luck * 10_000)
        return luck < 0.3 ? undefined : { milliseconds, decision: luck < 0.6 ? 'approve' : 'reject' }
      },
      loses: (call) => hash(seed, `lost ${call}`) < 0.1 * trouble,
    }
  })

/** FNV-1a, scaled to 0 to 1. */
function hash(seed: number, text: string): number {
  let sum = (2_166_136_261 ^ seed) >>> 0
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 16_777_619) >>> 0
  sum = Math.imul(sum ^ (sum >>> 15), 2_246_822_507) >>> 0
  return ((sum ^ (sum >>> 13)) >>> 0) / 2 ** 32
}
