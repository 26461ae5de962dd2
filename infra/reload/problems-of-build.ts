import type { BuildFailure } from 'esbuild'

/** esbuild's errors, each with file (as `nameOf` names it), line and column; any other error as it is. */
export function problemsOfBuild(error: unknown, nameOf = (file: string): string => file): string[] {
  const { errors } = error as Partial<BuildFailure>
  if (!errors) return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  return errors.map(({ location, text }) => {
    return location ? `${nameOf(location.file)}:${location.line}:${location.column + 1}: ${text}` : text
  })
}
