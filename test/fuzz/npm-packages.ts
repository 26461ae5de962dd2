import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** The packages cannot be had here. */
export class MissingPackagesError extends Error {}

/**
 * Installs packages beside the project, for tests only: they would be a hundred megabytes in everybody's node_modules. Answers the
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
