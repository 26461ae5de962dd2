import { resolve } from 'node:path'
import type { Catalogue, LeftOut } from '../catalogue.ts'
import type { Source } from '../load-catalogue.ts'
import { digestOf, scanAgents } from './scan-agents.ts'

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
