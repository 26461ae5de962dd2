import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import type { Catalogue, LeftOut, Source } from '../load-catalogue.ts'

/** A digest of the files behind each agent and workflow: it changes with any of them. */
export type Sources = {
  agents: Record<string, string>
  workflows: Record<string, string>
  /** Where they were loaded from. */
  from: readonly Source[]
  /** Every file that agents import, except those of packages, as absolute paths. */
  files: string[]
  /** Files of agents and workflows that were left out because they cannot be deployed. */
  left: string[]
}

/** Reads the files of agents, except packages. Rejects with esbuild's BuildFailure for invalid TypeScript. */
export async function describeSources(
  { agents, workflows }: Catalogue,
  from: readonly Source[],
  left: readonly LeftOut[] = [],
): Promise<Sources> {
  const entries = agents.map(({ entry }) => entry)
  const { digests, files } = await scanAgents(entries, rootOf(from))
  return {
    agents: Object.fromEntries(
      agents.map(({ manifest, entry }) => [manifest.id, digests.get(resolve(entry)) ?? '']),
    ),
    workflows: Object.fromEntries(
      workflows.map(({ workflow, compiled }) => [
        workflow.name,
        digestOf(JSON.stringify([workflow, compiled])),
      ]),
    ),
    from,
    files: [...files, ...left.flatMap((one) => filesOf(one, rootOf(from)))],
    left: left.map(({ file }) => file),
  }
}

/** The file itself and those that its problems name: to mend one of them may mend it. */
const filesOf = ({ file, problem }: LeftOut, root: string): string[] => [
  file,
  ...[...problem.matchAll(/^([^:\n]+):\d+/gm)].map(([, path = '']) => resolve(root, path)),
]

/** The project's own folder. */
export const rootOf = (from: readonly Source[]): string => from.at(-1)?.root ?? '.'

export type Scanned = {
  /** The absolute path of each entry -> a digest of all project files that it imports. */
  digests: Map<string, string>
  files: string[]
}

/** Rejects with esbuild's BuildFailure, in which file names are relative to `root`. */
export async function scanAgents(entries: readonly string[], root: string): Promise<Scanned> {
  const { metafile } = await build({
    absWorkingDir: resolve(root),
    entryPoints: [...entries],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outdir: resolve(root),
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const read = new Map<string, Promise<string>>()
  const textOf = (path: string): Promise<string> => {
    const known = read.get(path) ?? readFile(resolve(root, path), 'utf8')
    read.set(path, known)
    return known
  }
  const digests = Object.values(metafile.outputs).map(async ({ entryPoint = '', inputs }) => {
    const files = Object.keys(inputs).sort()
    const texts = await Promise.all(files.map(textOf))
    return [resolve(root, entryPoint), digestOf(JSON.stringify([files, texts]))] as const
  })
  return {
    digests: new Map(await Promise.all(digests)),
    files: Object.keys(metafile.inputs).map((path) => resolve(root, path)),
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
