import { existsSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { BUILT_IN, CatalogueError, type Source } from './load-catalogue.ts'

type Folders = {
  readonly root?: string | undefined
  readonly agents?: string | undefined
  readonly workflows?: string | undefined
  readonly builtIn?: boolean | undefined
}

/**
 * Where an orchestrator's agents and workflows are loaded from. The folders are relative to the root and in one form (`agents` for
 * `./agents/`), because live reload compares paths with them. Throws CatalogueError for a given folder that does not exist.
 */
export function sourcesOf({ root = '.', agents, workflows, builtIn = true }: Folders): Source[] {
  const from = resolve(root)
  for (const folder of [agents, workflows]) {
    if (folder !== undefined && !existsSync(resolve(from, folder)))
      throw new CatalogueError(`there is no folder "${folder}" in ${from}`)
  }
  const within = (folder: string): string => relative(from, resolve(from, folder)).split(sep).join('/')
  const own = { root: from, agents: within(agents ?? 'agents'), workflows: within(workflows ?? 'workflows') }
  return builtIn ? [BUILT_IN, own] : [own]
}
