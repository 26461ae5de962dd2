import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { CliError } from '../cli-error.ts'
import { PACKAGE_ROOT } from '../dev/find-project.ts'

type Lock = { packages?: Record<string, { resolved?: string }> }

/**
 * The dependency on this package for a project's package.json: the source npm installed it from, a relative path to its
 * tarball, or its version. A checkout uses its tarball in `dist`; throws CliError if that has not been built.
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

/** The tarball beside the packed files, in `dist` of a checkout. */
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
