type Versions = Readonly<Record<string, string>>

/** As much of package.json as travels. */
export type Manifest = {
  name: string
  version: string
  private?: boolean
  description: string
  license: string
  type: string
  engines: Versions
  exports: Versions
  bin: Versions
  dependencies: Versions
  devDependencies: Versions
  optionalDependencies: Versions
  allowScripts: Readonly<Record<string, boolean>>
}

/** An app has one CDK: its own constructs and ours must be of the same classes. */
const PEERS = ['aws-cdk-lib', 'constructs']

/** Of these `orchestrator init` names the versions that this one is tested with; npm installs no development dependencies of a package. */
const OF_PROJECTS = ['@types/node', 'typescript', 'vitest', ...PEERS]

/** The manifest of the package that others install: doors lead to JavaScript and its types, and what only a checkout needs is left out. */
export function packedManifest(manifest: Manifest) {
  const { name, version, private: isPrivate, description, license, type, engines, bin } = manifest
  const all = Object.entries(manifest.dependencies)
  return {
    name,
    version,
    ...(isPrivate === undefined ? {} : { private: isPrivate }),
    description,
    license,
    type,
    engines,
    exports: Object.fromEntries(Object.entries(manifest.exports).map(([door, path]) => [door, doorTo(path)])),
    bin,
    files: ['*/**', 'cdk.json'],
    dependencies: Object.fromEntries(all.filter(([dependency]) => !PEERS.includes(dependency))),
    peerDependencies: Object.fromEntries(
      all.filter(([dependency]) => PEERS.includes(dependency)).map(([peer, pinned]) => [peer, `^${pinned}`]),
    ),
    devDependencies: Object.fromEntries(
      [...all, ...Object.entries(manifest.devDependencies)].filter(([tool]) => OF_PROJECTS.includes(tool)),
    ),
    optionalDependencies: manifest.optionalDependencies,
    // What its dependencies may run when they are installed: `orchestrator init` hands it on.
    allowScripts: Object.fromEntries(
      Object.entries(manifest.allowScripts).filter(
        ([name]) => !Object.hasOwn(manifest.devDependencies, name),
      ),
    ),
  }
}

function doorTo(path: string) {
  if (!path.endsWith('.ts')) return path
  const base = path.slice(0, -'.ts'.length)
  return { types: `${base}.d.ts`, default: `${base}.js` }
}
