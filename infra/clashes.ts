import { readFileSync } from 'node:fs'
import { basename, relative } from 'node:path'
import { placesIn } from '../shared/workflow/places-in-text.ts'
import type { Catalogue, CompiledWorkflow, LeftOut } from './catalogue.ts'

type Agent = Catalogue['agents'][number]
/** `path` is absolute, `file` relative to the root of its source; `text` is what is written in it. */
type Claimant = Pick<CompiledWorkflow, 'workflow'> & { path: string; file: string; text: string }
/** `placeOf` is asked only where there is a clash: it parses the file. */
type Claim = { claim: string; name: string; source: number; placeOf: () => string }
type MayLack = (file: string) => boolean

/** The file of an agent with line and column of its id; `shown` is how its folder is told, by default from here. */
function placeOfId(entry: string, id: string, shown: string): string {
  const file = shown === '' ? relative('', entry) : `${shown}${basename(entry)}`
  try {
    const lines = readFileSync(entry, 'utf8').split('\n')
    const line = lines.findIndex((text) => new RegExp(`\\bid: *['"\`]${id}['"\`]`).test(text))
    return line < 0 ? file : `${file}:${line + 1}:${(lines[line] ?? '').search(/\bid:/) + 1}`
  } catch {
    return file
  }
}

/** A hint for a name that a built-in agent or workflow already has. */
const LEAVE_OUT = '; choose another, or leave out what is built in: builtIn: false'

/**
 * The agents without those that claim a taken id and that `mayLack` allows to be missing, and the other clashes. Ids clash only between
 * folders: within one they are names of subfolders.
 */
export function agentsApart(agents: readonly Agent[], mayLack: MayLack) {
  const groups = [...Map.groupBy(agents, ({ manifest }) => manifest.id).values()]
  const later = groups.flatMap((same) => same.slice(1))
  const lacked = later.filter(({ entry }) => mayLack(entry))
  const problemOf = ({ manifest: { id }, entry }: Agent): string => {
    const first = agents.find(({ manifest }) => manifest.id === id)
    const where = first === undefined ? '' : ` (${placeOfId(first.entry, id, '')})`
    return `${placeOfId(entry, id, `agents/${id}/`)}: an agent "${id}" is built in${where}${LEAVE_OUT}`
  }
  return {
    usable: agents.filter((one) => !lacked.includes(one)),
    left: lacked.map((one): LeftOut => ({ file: one.entry, problem: problemOf(one) })),
    clashes: later.filter((one) => !lacked.includes(one)).map(problemOf),
  }
}

/**
 * The workflows of each source without those that claim what another one has and that `mayLack` allows to be missing, and the other clashes.
 * If two workflows claimed one name or task type, which of them serves it would depend on their order. The first keeps it; one that must
 * not be missing comes before all that may.
 */
export function workflowsApart<T extends Claimant>(sources: readonly (readonly T[])[], mayLack: MayLack) {
  const left = new Map<T, LeftOut>()
  const held = new Map<string, Claim>()
  const all = sources.flatMap((workflows, source) => workflows.map((one) => ({ one, source })))
  const [needed, others] = [false, true].map((may) => all.filter(({ one }) => mayLack(one.path) === may))
  for (const { one, source } of [...(needed ?? []), ...(others ?? [])]) {
    const claims = claimsOf(one, source)
    const lines = claims.flatMap((own) => {
      const holder = held.get(own.claim)
      return holder && mayLack(one.path) ? [lineOf(own, [holder])] : []
    })
    if (lines.length > 0) left.set(one, { file: one.path, problem: lines.join('\n') })
    else for (const own of claims) if (!held.has(own.claim)) held.set(own.claim, own)
  }
  const usable = sources.map((workflows) => workflows.filter((one) => !left.has(one)))
  return { usable, left: [...left.values()], clashes: clashesIn(usable) }
}

function clashesIn(sources: readonly (readonly Claimant[])[]): string[] {
  const claims = sources.flatMap((workflows, source) => workflows.flatMap((one) => claimsOf(one, source)))
  return [...Map.groupBy(claims, ({ claim }) => claim).values()]
    .filter((claimants) => claimants.length > 1)
    .flatMap((claimants) => {
      // The author's own workflow is listed after the built-in ones.
      const own = claimants.at(-1)
      return own === undefined ? [] : [lineOf(own, claimants.slice(0, -1))]
    })
}

/** Each with its place: of the name, or of the task type. */
function claimsOf({ file, text, workflow: { name, taskTypes } }: Claimant, source: number): Claim[] {
  return [...new Set([name, ...taskTypes])].map((claim) => {
    const path = claim === name ? 'name' : `taskTypes[${taskTypes.indexOf(claim)}]`
    const placeOf = (): string => {
      const at = placesIn(text)(path)
      return at ? `${file}:${at.line}:${at.column}` : file
    }
    return { claim, name, source, placeOf }
  })
}

function lineOf(own: Claim, others: readonly Claim[]): string {
  const isAcross = others.some(({ source }) => source !== own.source)
  const by = [`${own.name} here`, ...others.map(({ name, placeOf }) => `by ${name} in ${placeOf()}`)]
  return `${own.placeOf()}: "${own.claim}" is claimed by ${by.slice(0, -1).join(', ')}, and ${by.at(-1)}${isAcross ? `, which is built in${LEAVE_OUT}` : ''}`
}
