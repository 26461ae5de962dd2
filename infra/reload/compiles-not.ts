import { problemsOfBuild } from './problems-of-build.ts'
import { scanAgents } from './scan-agents.ts'

/** Why an agent's file, or one that it imports, does not compile: lines with file, line and column; none if it does. */
export async function compilesNot(entry: string, root: string): Promise<string[]> {
  return scanAgents([entry], root).then(() => [], problemsOfBuild)
}
