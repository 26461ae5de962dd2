/**
 * Reuses outputs of equal earlier steps, for steps with `cache`.
 *
 * Invariants (tests cite them):
 * cache/M1 only for an equal input (files by what is in them) of the same capability of the same version of the same agent, for the
 *    same tenant, and no older than the step that reuses it allows
 * cache/M2 a cache that cannot be read or written never costs a step
 * cache/M3 what is reused is stored with the step that reuses it: it lives as long as that one's task
 * cache/M4 an output with a file that its task has written is not reused: the file goes with that task
 */
import { stepOf } from '../app/steps/plan-paths.ts'
import {
  FileReferenceSchema,
  fileReferencesIn,
  MAX_FILES,
  taskOfReference,
} from '../domain/file-reference.ts'
import { canonicalJson, type Json } from '../domain/json.ts'
import type { StoredValue } from '../domain/step.ts'
import type { FileStore } from '../ports/index.ts'
import type { HostPorts } from './host-ports.ts'
import type { Call } from './resolve-call.ts'
import type { StepOutcome, StepRun } from './step-run.ts'

type Needs = Pick<HostPorts, 'outputs' | 'values' | 'files' | 'ids' | 'clock'>

const SECOND = 1_000

export type OutputCache = {
  /** The outcome of an equal earlier step (a cache hit), with its output; undefined for a miss. */
  find(): Promise<{ outcome: StepOutcome; value: Json } | undefined>
  keep(output: StoredValue): Promise<void>
}

/** The cache for one step; undefined for a step without `cache`. */
export function outputCache(
  { outputs, values, files, ids, clock }: Needs,
  { agent, own, plan, log }: StepRun,
  { capability, input }: Call,
): OutputCache | undefined {
  const { cache } = stepOf(plan, own.path)
  if (!cache) return undefined
  const { id, version } = agent.manifest
  const digestOf = async (): Promise<string> =>
    ids.digest(canonicalJson([plan.tenant, id, version, capability.name, input, await filesIn(files, input)]))
  let key: Promise<string> | undefined
  /** Memoized: the key depends on the files as they are before the agent runs. */
  const keyed = (): Promise<string> => {
    key ??= digestOf()
    return key
  }
  /** Logs a failure of the cache instead of throwing it (cache/M2). */
  const tried = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (reason) {
      log.warn('output cache unavailable', { reason: String(reason) })
      return undefined
    }
  }
  /** cache/M4. */
  const isReusable = async (output: StoredValue): Promise<boolean> =>
    fileReferencesIn(await values.loadValue(output)).every(
      ({ reference }) => !namesFileOfTask(reference, own.taskId),
    )
  return {
    find: () =>
      tried(async () => {
        const kept = await outputs.findOutput(await keyed())
        const oldest = clock.now().getTime() - cache.ttlSeconds * SECOND
        if (!kept || Date.parse(kept.madeAt) <= oldest) return undefined
        const value = await values.loadValue(kept.output)
        const output = await values.storeValue(own.taskId, value)
        return { outcome: { status: 'succeeded' as const, output, reused: kept.from }, value }
      }),
    async keep(output) {
      if (!(await tried(() => isReusable(output)))) return
      const madeAt = clock.now()
      const until = new Date(madeAt.getTime() + cache.ttlSeconds * SECOND).toISOString()
      const from = { taskId: own.taskId, path: own.path }
      const kept = { output, from, madeAt: madeAt.toISOString(), until }
      await tried(async () => outputs.keepOutput(await keyed(), kept))
    },
  }
}

function namesFileOfTask(reference: unknown, taskId: string): boolean {
  const parsed = FileReferenceSchema.safeParse(reference)
  return parsed.success && taskOfReference(parsed.data)?.taskId === taskId
}

/** A file may be overwritten under its name. Throws where there are too many to tell. */
async function filesIn(files: FileStore, input: Json): Promise<Json> {
  const references = fileReferencesIn(input, 'input')
  const found = await Promise.all(
    references.map(({ reference }) => files.list(FileReferenceSchema.parse(reference).$file, MAX_FILES + 1)),
  )
  if (found.some((one) => one.length > MAX_FILES)) throw new Error(`more than ${MAX_FILES} files`)
  return found.map((one) => one.map(({ key, etag }) => `${key} ${etag}`))
}
