import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { CliError } from '../cli-error.ts'
import { PACKAGE_ROOT } from '../dev/find-project.ts'

type Lock = { packages?: Record<string, { resolved?: string }> }

/**
 * What a project's package.json says of this package: where npm has this one from, a tarball by its path from the project, or its version.
 * A checkout has its tarball in `dist`; throws CliError where it was not made yet.
 */
export function packageSpec(project: string): string {
  const { name, version } = packageJson
  const modules = dirname(PACKAGE_ROOT)
  const isInstalled = basename(modules) === 'node_modules'
  if (!isInstalled) return fileSpec(project, tarballOf(name, version))
  const lock = join(modules, '.package-lock.json')
  const { packages } = existsSync(lock) ? (JSON.parse(readFileSync(lock, 'utf8')) as Lock) : {}
  const resolved = packages?.[`node_modules/${name}`]?.resolved
  if (!resolved?.startsWith('file:')) return version
  return fileSpec(project, resolve(dirname(modules), resolved.slice('file:'.length)))
}

/** Beside the files that were packed, in `dist` of a checkout. */
function tarballOf(name: string, version: string): string {
  const file = `${name}-${version}.tgz`
  const found = [join(PACKAGE_ROOT, file), join(PACKAGE_ROOT, 'dist', file)].find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new CliError(
    `a project installs this package from a tarball, which this checkout has not made yet: npm run pack, or say another by --package`,
  )
}

const fileSpec = (project: string, tarball: string): string =>
  `file:${relative(project, tarball).split(sep).join('/')}`
