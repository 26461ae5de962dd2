import type { AdvisoryList } from './advisory-list.ts'
import type { NpmAnswer } from './ask-npm.ts'
import { type Finding, judgePackages } from './judge-packages.ts'
import type { ProductionPackage } from './production-packages.ts'

const OLD_DAYS = 180
const DAY_MS = 24 * 3_600_000

/** The check's output, and whether it fails: for a vulnerable package, or for an acceptance that covers nothing any more. */
export function makeReport(
  list: AdvisoryList,
  packages: readonly ProductionPackage[],
  npm: NpmAnswer,
  nowMs: number,
): { lines: string[]; failed: boolean } {
  // npm knows no aliases: an acceptance by CVE id covers npm's GHSA id through the list.
  const aliases = new Map(list.advisories.map(({ id, aliases = [] }) => [id, aliases]))
  const answered = npm.status === 'answered' ? npm.advisories : []
  const told = answered.map((advisory) => ({ ...advisory, aliases: aliases.get(advisory.id) ?? [] }))
  const listed = new Set(list.advisories.map(({ id, package: name }) => `${id} ${name}`))
  const more = told.filter(({ id, package: name }) => !listed.has(`${id} ${name}`))
  const { vulnerable, accepted } = judgePackages(packages, [...list.advisories, ...told], list.accepted)
  const lines = vulnerable.map((finding) => `vulnerable: ${describe(finding)}`)
  for (const { acceptance, findings } of accepted) {
    const { package: name, installedAs, versions, why } = acceptance
    const ids = findings.map(({ advisory }) => advisory.id).join(', ')
    lines.push(
      findings.length > 0
        ? `accepted: ${name} ${findings[0]?.found.version} as ${installedAs} (${ids}): ${why}`
        : `accepted for nothing: no ${name} ${versions} is installed as ${installedAs} and vulnerable; take it out of the list`,
    )
  }
  const ageDays = Math.floor((nowMs - Date.parse(list.asOf)) / DAY_MS)
  if (ageDays > OLD_DAYS)
    lines.push(
      `warning: the list of advisories is of ${list.asOf}, ${ageDays} days old: renew it (docs/pins.md)`,
    )
  if (npm.status === 'unreachable')
    lines.push(`npm's advisories could not be asked (${npm.reason}): only the list of ${list.asOf} was`)
  lines.push(
    `${packages.length} production packages, ${list.advisories.length} advisories in the list, ${more.length} more from npm`,
  )
  return { lines, failed: vulnerable.length > 0 || accepted.some(({ findings }) => findings.length === 0) }
}

function describe({ found, advisory }: Finding): string {
  const { id, aliases = [], summary, fixed, url } = advisory
  const fix = fixed === null ? 'see there for a fixed version' : `fixed in ${fixed}`
  return `${found.name} ${found.version} (${found.path.join(' > ')}): ${[id, ...aliases].join(', ')}, ${summary}; ${fix}; ${url}`
}
