import type { AgentContext, DefinedAgent, Effect } from '../shared/agent/index.ts'
import { OrchestratorError } from '../shared/domain/errors.ts'
import type { Json } from '../shared/domain/json.ts'
import { orAborted } from '../shared/domain/or-aborted.ts'

/** A file that the agent has written. */
export type WrittenFile = { contentType: string; bytes: Uint8Array }

/** Recorded actions of an agent. */
export type Noted = {
  /** Keys of the files that were read, in order. */
  files: string[]
  /** The files that were written, by name. */
  written: Record<string, WrittenFile>
  /** Effects by key: how often this run has performed each, and its result. */
  once: Record<string, { performed: number; result?: Json }>
  progress: { fraction: number; note: string }[]
  log: { level: 'info' | 'warn'; message: string; facts: Record<string, unknown> }[]
  thrown?: unknown
}

/** Wraps an agent to record its log, its effects and its errors; `cancel` cancels its task. */
export function notingAgent(agent: DefinedAgent, noted: Noted, cancel?: AbortSignal): DefinedAgent {
  return {
    ...agent,
    async execute(call, context) {
      const signal = cancel ? AbortSignal.any([context.signal, cancel]) : context.signal
      const own: AgentContext = {
        ...context,
        signal,
        log: notingLog(context.log, noted.log),
        once: notingOnce(context.once, noted.once),
      }
      try {
        return await (cancel
          ? unlessCancelled(cancel, () => agent.execute(call, own))
          : agent.execute(call, own))
      } catch (error) {
        noted.thrown = error
        throw error
      }
    },
  }
}

function notingLog(log: AgentContext['log'], lines: Noted['log']): AgentContext['log'] {
  const noting =
    (level: 'info' | 'warn') =>
    (message: string, facts: Record<string, unknown> = {}): void => {
      lines.push({ level, message, facts })
      log[level](message, facts)
    }
  return { info: noting('info'), warn: noting('warn') }
}

function notingOnce(once: AgentContext['once'], noted: Noted['once']): AgentContext['once'] {
  return async <T extends Json>(key: string, effect: Effect<T>): Promise<T> => {
    const entry: Noted['once'][string] = noted[key] ?? { performed: 0 }
    noted[key] = entry
    const counting =
      (perform: (idempotencyKey: string) => Promise<T>) =>
      (idempotencyKey: string): Promise<T> => {
        entry.performed += 1
        return perform(idempotencyKey)
      }
    const result = await once<T>(
      key,
      typeof effect === 'function'
        ? counting(effect)
        : { ...effect, perform: counting((given) => effect.perform(given)) },
    )
    entry.result = result
    return result
  }
}

/** Like the host, does not wait for an agent that ignores its signal. */
function unlessCancelled<T>(cancel: AbortSignal, work: () => Promise<T>): Promise<T> {
  return orAborted(cancel, work).catch((error: unknown) => {
    if (!cancel.aborted || error !== cancel.reason) throw error
    throw new OrchestratorError('TaskCancelledError', 'the task is cancelled by the test')
  })
}
