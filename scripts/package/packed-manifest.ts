type Versions = Readonly<Record<string, string>>

/** The fields of package.json that are published. */
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

/** An app must have a single CDK: its constructs and ours must share classes. */
const PEERS = ['aws-cdk-lib', 'constructs']

/** `orchestrator init` names the tested versions of these in new projects; npm does not install development dependencies of a package. */
const OF_PROJECTS = ['@types/node', 'typescript', 'vitest', ...PEERS]

/** The published manifest: entry points lead to JavaScript and types, and what only a checkout needs is left out. */
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
    // Install scripts that dependencies may run: `orchestrator init` copies the list.
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
