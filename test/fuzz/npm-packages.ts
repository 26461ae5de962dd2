import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** The packages are not available on this machine. */
export class MissingPackagesError extends Error {}

/**
 * Installs packages for tests beside the project: as dependencies they would add a hundred megabytes for every user. Returns the
 * folder of their commands. Throws MissingPackagesError.
 */
export function installNpmPackages(packages: readonly string[], name: string): string {
  const folder = join(ROOT, '.orchestrator', name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--prefer-offline']
  const { status, stderr, error } = spawnSync('npm', ['install', ...options, ...packages], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status !== 0)
    throw new MissingPackagesError(
      `${packages.join(', ')} could not be installed: ${error?.message ?? stderr.trim().slice(-1_000)}`,
    )
  return join(folder, 'node_modules/.bin')
}
