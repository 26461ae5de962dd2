import { relative, sep } from 'node:path'
import type { Sources } from './build-process.ts'

/** Paths in the project that need a restart; agents may lie in one of these folders. */
export const RESTART = ['app.ts', 'cdk.json', 'functions', 'infra', 'package.json', 'shared', 'stages']

/**
 * Paths in the project whose changes are applied while tasks run: the folders of agents, workflows and the modules that
 * agents import. In the project's root only such modules count, because its other files are not part of agents.
 */
export function liveIn({ from, files }: Pick<Sources, 'from' | 'files'>, root: string): string[] {
  const own = from.filter((source) => source.root === root)
  const imported = files.map((file) => {
    const path = relative(root, file).split(sep).join('/')
    return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : path
  })
  const besides = imported.filter((path) => !path.startsWith('..') && !isIn(path, RESTART))
  return [...new Set([...own.flatMap(({ agents, workflows }) => [agents, workflows]), ...besides])]
}

/** Whether a file is one of the paths, or in one of them. */
export const isIn = (file: string, paths: readonly string[]): boolean =>
  paths.some((path) => file === path || file.startsWith(`${path}/`))
