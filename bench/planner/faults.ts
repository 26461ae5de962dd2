import { isJsonObject, type JsonObject } from '../../shared/domain/json.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import type { ModelAnswer } from '../../shared/ports/models.ts'
import type { Answer } from './answer-of-plan.ts'
import type { Case } from './cases.ts'

/** How many of a hundred plans have which fault, as the recorded ones do; half of the fenced ones are cut off in place of that. */
const RATES = { unknownTool: 0.34, linkToNothing: 0.045, cycle: 0.016, fencedOrCut: 0.05, missingInput: 0.1 }

/** A fault of a plan: at a step, with the name that is wrong or missing there. */
export type Fault = {
  kind: 'unknown tool' | 'link to nothing' | 'cycle' | 'missing input' | 'fenced' | 'truncated'
  step: string
  name: string
}

/** The faults that a plan gets, the same with each run. `invented` are names that models have made up. */
export function faultsOf(one: Case, { workflow }: Answer, invented: readonly string[]): Fault[] {
  const random = seededRandom(one.id)
  const ids = Object.keys(workflow.steps)
  const anyOf = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const step = anyOf(ids) ?? 's1'
  const faults: Fault[] = []
  if (random() < RATES.unknownTool) {
    const right = String(workflow.steps[step]?.capability)
    const name = random() < 0.5 ? misspelt(right, random) : anyOf(invented)
    if (name !== undefined && !one.catalogue.find(name)) faults.push({ kind: 'unknown tool', step, name })
  }
  if (random() < RATES.linkToNothing)
    faults.push({ kind: 'link to nothing', step: anyOf(ids) ?? step, name: 'nowhere' })
  if (random() < RATES.cycle) faults.push(...cycleIn(workflow.steps))
  if (random() < RATES.missingInput) faults.push(...missingIn(one, workflow.steps, anyOf(ids) ?? step))
  if (random() < RATES.fencedOrCut)
    faults.push({ kind: random() < 0.5 ? 'fenced' : 'truncated', step: '', name: '' })
  return faults
}

/** A name as models write it wrongly: in another form, with a word more, or with one letter wrong. */
function misspelt(name: string, random: () => number): string {
  const words = name.split(/[-.]/)
  const letters = [...name]
  const at = Math.floor(random() * letters.length)
  const forms = [
    words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join(''),
    words.join('_'),
    `${name}-tool`,
    letters.toSpliced(at, 1).join(''),
    `${words.at(-1)}-${words.slice(0, -1).join('-')}`,
  ]
  return forms[Math.floor(random() * forms.length)] ?? name
}

/** A need that closes a circle: of a step that another one needs. */
function cycleIn(steps: Answer['workflow']['steps']): Fault[] {
  for (const [id, { needs }] of Object.entries(steps)) {
    const need = Array.isArray(needs) ? needs.find((one) => typeof one === 'string' && one !== id) : undefined
    if (typeof need === 'string') return [{ kind: 'cycle', step: need, name: id }]
  }
  return []
}

function missingIn({ catalogue }: Case, steps: Answer['workflow']['steps'], step: string): Fault[] {
  const required = catalogue.find(String(steps[step]?.capability))?.inputSchema.required
  const [name] = Array.isArray(required) ? required : []
  return typeof name === 'string' ? [{ kind: 'missing input', step, name }] : []
}

export function withFaults(
  { assumptions, workflow }: Answer,
  faults: readonly Fault[],
): Pick<ModelAnswer, 'parts' | 'finish'> {
  const steps = structuredClone(workflow.steps)
  for (const { kind, step, name } of faults) {
    const own = steps[step]
    if (!own) continue
    if (kind === 'unknown tool') own.capability = name
    if (kind === 'link to nothing' || kind === 'cycle')
      own.needs = [...(Array.isArray(own.needs) ? own.needs : []), name]
    if (kind === 'missing input' && isJsonObject(own.input)) own.input = without(own.input, name)
  }
  const json = JSON.stringify({ assumptions, workflow: { ...workflow, steps } })
  const has = (kind: Fault['kind']): boolean => faults.some((one) => one.kind === kind)
  if (has('truncated'))
    return { parts: [{ kind: 'text', text: json.slice(0, json.length * 0.6) }], finish: 'length' }
  const text = has('fenced')
    ? `Here is the plan {as asked}:\n\`\`\`json\n${json}\n\`\`\`\nTell me if it fits.`
    : json
  return { parts: [{ kind: 'text', text }], finish: 'stop' }
}

const without = (value: JsonObject, name: string): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
