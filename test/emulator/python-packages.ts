import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** Python, or a package, is not available on this machine. */
export class MissingPythonError extends Error {}

/** Installs the packages of a requirements file beside the project; returns the folder of their commands. Throws MissingPythonError. */
export function installPackages(requirements: string, name: string): string {
  const venv = join(ROOT, '.orchestrator', name, 'venv')
  mkdirSync(dirname(venv), { recursive: true })
  if (!existsSync(join(venv, 'bin/python')))
    run('python3', ['-m', 'venv', venv], 'Python 3.10 or newer with venv is needed')
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]
  run(join(venv, 'bin/python'), pip, `${name} could not be installed from PyPI`)
  return join(venv, 'bin')
}

function run(command: string, args: readonly string[], otherwise: string): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0)
    throw new MissingPythonError(`${otherwise}: ${error?.message ?? stderr.trim().slice(-1_000)}`)
}
