import * as z from 'zod'

const lockSchema = z.object({
  lockfileVersion: z.literal([2, 3]),
  packages: z.record(
    z.string(),
    z.object({
      name: z.string().optional(),
      version: z.string().optional(),
      dev: z.boolean().optional(),
      link: z.boolean().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
      peerDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
})

type Locked = z.infer<typeof lockSchema>['packages'][string]

/** A package that `npm install --omit=dev` installs. */
export interface ProductionPackage {
  /** The published name: `jsonata`, even if it is installed as `jsonata-asl`. */
  readonly name: string
  readonly installedAs: string
  readonly version: string
  /** The shortest dependency chain from the project's own dependency to this package. */
  readonly path: readonly string[]
}

/**
 * Every production dependency of a package-lock.json (lockfileVersion 2 or 3): direct, transitive, optional, bundled.
 * Throws for any other text.
 */
export function parseProductionPackages(lock: string): ProductionPackage[] {
  const { packages } = lockSchema.parse(JSON.parse(lock))
  const paths = pathsFromRoot(packages)
  return Object.entries(packages).flatMap(([location, { name, version, dev, link }]) => {
    if (location === '' || dev || link || version === undefined) return []
    const installedAs = nameAt(location)
    return [{ name: name ?? installedAs, installedAs, version, path: paths.get(location) ?? [location] }]
  })
}

/** Breadth-first, so the first path found is a shortest one. */
function pathsFromRoot(packages: Readonly<Record<string, Locked>>): Map<string, string[]> {
  const paths = new Map<string, string[]>([['', []]])
  for (const [location, path] of paths) {
    const { dependencies, optionalDependencies, peerDependencies } = packages[location] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const found = resolve(packages, location, name)
      if (found !== undefined && !paths.has(found)) paths.set(found, [...path, name])
    }
  }
  return paths
}

/** Node's resolution: the package's own node_modules first, then those of each parent folder. */
function resolve(packages: Readonly<Record<string, Locked>>, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const candidate = `${at && `${at}/`}node_modules/${name}`
    if (Object.hasOwn(packages, candidate)) return candidate
    if (at === '') return undefined
  }
}

const nameAt = (location: string): string =>
  location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length)
