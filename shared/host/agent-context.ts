import type { AgentContext } from '../agent/index.ts'
import type { Spending } from '../app/limits/spending.ts'
import { boundedText, textOf } from '../domain/bounded.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { FileReferenceSchema, MAX_FILES } from '../domain/file-reference.ts'
import type { HostPorts } from './host-ports.ts'
import { performOnce } from './perform-once.ts'
import type { Limits, StepRun } from './step-run.ts'

const MAX_TEXT_BYTES = 20 * 1024 * 1024

type Needs = Pick<HostPorts, 'steps' | 'values' | 'files' | 'ledger' | 'clock' | 'ids' | 'timer'>

/** What the agent sees of its step and of the world. */
export function agentContext(
  ports: Needs,
  { own, plan, record, log }: StepRun,
  { deadline, signal, spending }: Limits & { spending: Spending },
): AgentContext {
  const { steps, files } = ports
  return {
    task: { id: own.taskId, type: plan.type, metadata: plan.metadata },
    step: { path: own.path },
    attempt: record.attempts.length + 1,
    signal,
    deadline,
    log: {
      info: (message, facts = {}) => log.info(boundedText(textOf(message)), facts),
      warn: (message, facts = {}) => log.warn(boundedText(textOf(message)), facts),
    },
    files: {
      list: async (reference) => {
        const { $file } = FileReferenceSchema.parse(reference)
        const found = await files.list($file, MAX_FILES + 1)
        if (found.length > MAX_FILES) {
          throw new OrchestratorError('InvalidInputError', `${$file} holds more than ${MAX_FILES} files`)
        }
        if (found.length > 0) return found
        throw new OrchestratorError(
          'InvalidInputError',
          `there is no file at ${$file}; upload it first (POST /files)`,
        )
      },
      readText: async (key) => decode(key, await files.read(key, MAX_TEXT_BYTES)),
    },
    once: performOnce(ports, own, signal) as AgentContext['once'],
    spend: (spent) => spending.add(spent),
    progress: (fraction, note) => steps.setProgress(own, { fraction: shareOf(fraction), note: textOf(note) }),
  }
}

/** From 0 to 1; what is no number is nothing yet. */
const shareOf = (fraction: number): number => Math.min(1, Math.max(0, Number(fraction) || 0))

function decode(key: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new OrchestratorError('InvalidInputError', `${key} is not UTF-8 text`, { key }, cause)
  }
}
