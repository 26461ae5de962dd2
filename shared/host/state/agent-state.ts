/**
 * The shared state as an agent sees it.
 *
 * Invariants (tests cite them):
 * agent-state/F1 an attempt that has lost its step begins no write: before each version is written the record of the step is read. A write
 *    that is on its way at that moment counts as made before
 * agent-state/F2 no value of a secret is written
 * agent-state/F3 a value that is set is compared with the version that this attempt has last seen, unless it names another one
 */
import type { AgentState, StateEntry } from '../../agent/agent-state.ts'
import { listVersions, readState, valueIn } from '../../app/state/read-state.ts'
import { setState, updateState, type WriteOf, type Written } from '../../app/state/write-state.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { stateChangedEvent } from '../../domain/events-of-state.ts'
import type { Json } from '../../domain/json.ts'
import { ownOf } from '../../domain/own.ts'
import { shown } from '../../domain/shown.ts'
import { MOST_STATE_PAGE, MOST_WRITE_NAME, StateKeySchema } from '../../domain/state/shared-state.ts'
import { attemptNumber } from '../../domain/step.ts'
import { superseded } from '../../domain/superseded.ts'
import type { HostPorts } from '../host-ports.ts'
import { requireNoSecret } from '../masked-ports.ts'
import { keptBy, type StepRun } from '../step-run.ts'

type Needs = Pick<HostPorts, 'sharedState' | 'values' | 'steps' | 'clock' | 'ids' | 'mask'>

/** Versions of a page of a history, where none are asked for. */
const SOME_VERSIONS = 20

/** Implements `context.state`. It waits in real time, as the agent works, also where time is virtual. */
export function agentState(
  { sharedState, values, steps, clock, ids, mask }: Needs,
  run: StepRun,
  signal: AbortSignal,
): AgentState {
  const ports = { sharedState, values, clock }
  const { own, plan, record, notices } = run
  /** The version of each key that this attempt has last seen (agent-state/F3). */
  const seen = new Map<string, number>()
  const by = { path: own.path, attempt: attemptNumber(record.attempts) }

  /** agent-state/F1 */
  async function mayWrite(): Promise<void> {
    signal.throwIfAborted()
    const [now] = await steps.findSteps(own.taskId, [own.path], { fresh: true })
    if (now?.owner !== own.owner || now.fence !== own.fence) throw superseded(own.path)
  }

  const writeOf = (key: string, once: string | undefined): WriteOf => ({
    taskId: own.taskId,
    workflow: plan.workflow,
    key: requireKey(key),
    by,
    signal,
    mayWrite,
    once: once === undefined ? undefined : nameOf(ids, run, once),
  })

  function told({ version, made }: Written): Written {
    seen.set(version.key, version.version)
    if (made) notices.tell(stateChangedEvent(plan, version))
    return { version, made }
  }

  /** agent-state/F2 */
  const withoutSecrets = (key: string, value: unknown): unknown => {
    requireNoSecret(mask, value, `state "${key}"`)
    return value
  }

  return {
    async get<T extends Json>(key: string) {
      const found = await readState(ports, plan, [requireKey(key)])
      seen.set(key, ownOf(found.versions, key) ?? 0)
      return ownOf(found.values, key) as T | undefined
    },

    async set(key, value, { ifVersion, once } = {}) {
      const of = writeOf(key, once)
      const from = requireVersion(key, ifVersion) ?? seen.get(key)
      const { version } = told(await setState(ports, of, { value: withoutSecrets(key, value), from }))
      return version.version
    },

    async update<T extends Json>(
      key: string,
      change: (current: T | undefined) => T | Promise<T>,
      { once }: { once?: string } = {},
    ) {
      const made = await updateState(ports, writeOf(key, once), async ({ value }) =>
        withoutSecrets(key, await change(value as T | undefined)),
      )
      return (await valueIn(ports, told(made).version)) as T
    },

    history: (key, options) => historyOf(ports, own.taskId, requireKey(key), options),

    async snapshot() {
      const found = await readState(ports, plan)
      for (const [key, version] of Object.entries(found.versions)) seen.set(key, version)
      return { values: found.values, versions: found.versions }
    },
  }
}

/** A digest: paths and names together may be longer than a key of an item. Throws InvalidInputError. */
function nameOf(ids: HostPorts['ids'], run: StepRun, once: string): string {
  if (once.length > 0 && once.length <= MOST_WRITE_NAME)
    return ids.digest([run.own.path, keptBy(run), once].join('\n')).slice(0, 32)
  const message = `the name of a write (once) has 1 to ${MOST_WRITE_NAME} characters; this has ${once.length}`
  throw new OrchestratorError('InvalidInputError', message)
}

/** The versions of a key, with their values. */
async function historyOf(
  ports: Pick<HostPorts, 'sharedState' | 'values'>,
  taskId: string,
  key: string,
  { limit = SOME_VERSIONS, before }: { limit?: number; before?: number } = {},
): Promise<StateEntry[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_STATE_PAGE) {
    const message = `limit is ${shown(limit)}; a history has 1 to ${MOST_STATE_PAGE} versions at once`
    throw new OrchestratorError('InvalidInputError', message)
  }
  const found = await listVersions(ports, taskId, key, { limit, before })
  return Promise.all(
    found.map(async (version) => ({
      version: version.version,
      at: version.at,
      by: version.by,
      value: await valueIn(ports, version),
    })),
  )
}

/** Throws InvalidInputError for what is no key. */
function requireKey(key: unknown): string {
  const parsed = StateKeySchema.safeParse(key)
  if (parsed.success) return parsed.data
  const right = parsed.error.issues[0]?.message ?? 'a key is a text'
  throw new OrchestratorError('InvalidInputError', `${shown(key)} is no key of the shared state: ${right}`)
}

function requireVersion(key: string, version: number | undefined): number | undefined {
  if (version === undefined || (Number.isInteger(version) && version >= 0)) return version
  const message = `ifVersion of state "${key}" is ${shown(version)}; it is a number of a version, or 0 for none`
  throw new OrchestratorError('InvalidInputError', message)
}
