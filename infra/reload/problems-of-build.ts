import type { BuildFailure } from 'esbuild'

/** What esbuild has found, each with file, line and column; the error itself where it is none of esbuild's. */
export function problemsOfBuild(error: unknown): string[] {
  const { errors } = error as Partial<BuildFailure>
  if (!errors) return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  return errors.map(({ location, text }) => {
    return location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text
  })
}
