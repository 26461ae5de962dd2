import semver from 'semver'
import type { Acceptance, Advisory } from './advisory-list.ts'
import type { ProductionPackage } from './production-packages.ts'

export interface Finding {
  readonly found: ProductionPackage
  readonly advisory: Advisory
}

export interface Judgement {
  readonly vulnerable: readonly Finding[]
  readonly accepted: readonly { readonly acceptance: Acceptance; readonly findings: readonly Finding[] }[]
}

/**
 * Matches packages with advisories. When two advisories share an id (the list's and npm's), the first match is reported.
 * Accepted findings (by name, version and advisory) are reported separately.
 */
export function judgePackages(
  packages: readonly ProductionPackage[],
  advisories: readonly Advisory[],
  acceptances: readonly Acceptance[],
): Judgement {
  const findings = packages.flatMap((found) =>
    advisories
      .filter(({ package: name, vulnerable }) => name === found.name && includes(vulnerable, found.version))
      .filter(({ id }, index, all) => all.findIndex((other) => other.id === id) === index)
      .map((advisory) => ({ found, advisory })),
  )
  const covering = ({ found, advisory }: Finding) =>
    acceptances.find(
      (acceptance) =>
        acceptance.package === found.name &&
        acceptance.installedAs === found.installedAs &&
        includes(acceptance.versions, found.version) &&
        [advisory.id, ...(advisory.aliases ?? [])].some((id) => acceptance.advisories.includes(id)),
    )
  return {
    vulnerable: findings.filter((finding) => !covering(finding)),
    accepted: acceptances.map((acceptance) => ({
      acceptance,
      findings: findings.filter((finding) => covering(finding) === acceptance),
    })),
  }
}

/** A pre-release of a vulnerable version is vulnerable too; semver ranges exclude those by default. */
const includes = (range: string, version: string): boolean =>
  semver.satisfies(version, range, { includePrerelease: true })
