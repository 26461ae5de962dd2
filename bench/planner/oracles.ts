/** Models that answer by a script: what they are asked is read only where the script says so. */
import type { Json, JsonObject } from '../../shared/domain/json.ts'
import type { ModelAnswer, ModelRequest } from '../../shared/ports/models.ts'
import { type Answer, answerOfPlan } from './answer-of-plan.ts'
import type { Case } from './cases.ts'
import { type Fault, faultsOf, withFaults } from './faults.ts'

export const ORACLES = ['gold', 'noisy', 'recorded', 'refusing', 'inventing'] as const
export type Oracle = (typeof ORACLES)[number]

/** What a script answers to a request. */
export type Script = (request: ModelRequest) => Pick<ModelAnswer, 'parts' | 'finish'>

/** The kind of cases that an oracle answers. */
export const KIND_OF: Readonly<Record<Oracle, Case['kind']>> = {
  gold: 'gold',
  noisy: 'gold',
  recorded: 'recorded',
  refusing: 'refuse',
  inventing: 'refuse',
}

export function scriptOf(oracle: Oracle, one: Case, invented: readonly string[]): Script {
  if (oracle === 'refusing')
    return () => said({ refusal: `None of the capabilities serves: ${one.goal.slice(0, 200)}` })
  if (oracle === 'inventing') return inventingScript(one)
  const { answer } = answerOfPlan(one, one.plan ?? { steps: [], links: [] })
  return oracle === 'noisy' ? noisyScript(one, answer, invented) : () => said(answer)
}

const said = (value: Json | Answer): ReturnType<Script> => ({
  parts: [{ kind: 'text', text: JSON.stringify(value) }],
  finish: 'stop',
})

/** The plan with faults; asked again, it mends those that an issue names by its place and its word, and no other. */
function noisyScript(one: Case, answer: Answer, invented: readonly string[]): Script {
  let faults = faultsOf(one, answer, invented)
  return ({ messages }) => {
    if (messages.length > 1) {
      const issues = textOf(messages.at(-1)?.parts ?? []).split('\n')
      faults = faults.filter((fault) => !issues.some((line) => isNamedBy(fault, line)))
    }
    return withFaults(answer, faults)
  }
}

/** Whether a line of the message to the model names a fault: its step, and what is wrong there. */
function isNamedBy(fault: Fault, line: string): boolean {
  const at = (field: string): boolean => new RegExp(`^\\d+\\. steps\\.${fault.step}\\.${field}\\b`).test(line)
  switch (fault.kind) {
    case 'unknown tool':
      return at('capability') && line.includes('"')
    case 'missing input':
      return at('input') && line.includes(`"${fault.name}" is required`)
    case 'link to nothing':
      return at('needs') && line.includes(fault.name)
    case 'cycle':
      return /circle/.test(line) && line.includes(fault.step) && line.includes(fault.name)
    case 'truncated':
      return /before its end/.test(line)
    case 'fenced':
      return false
  }
}

const textOf = (parts: ModelRequest['messages'][number]['parts']): string =>
  parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')

/** Calls a capability that is made up of words of the goal, another with each call. */
function inventingScript(one: Case): Script {
  const words = one.goal.toLowerCase().match(/[a-z]{4,}/g) ?? ['thing']
  let call = 0
  return () => {
    const name = nameNotIn(one, words, call++)
    const steps: JsonObject = {
      s1: { capability: name, input: { request: one.goal.slice(0, 60).replaceAll(/[{}$%]/g, ' ') } },
    }
    return said({ assumptions: [`${name} exists`], workflow: { name: 'invented', steps } })
  }
}

function nameNotIn({ catalogue }: Case, words: readonly string[], call: number): string {
  const verb = ['solve', 'compute', 'fetch'][call % 3] ?? 'do'
  const name = `${verb}-${words[(call * 2) % words.length]}-${words[(call * 2 + 1) % words.length]}`
  return catalogue.find(name) ? `${name}-x` : name
}
