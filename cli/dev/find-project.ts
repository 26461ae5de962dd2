import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { whyNot } from '../show/make-folder.ts'

/** The folder of this package: a checkout, or an installed one. */
export const PACKAGE_ROOT = join(import.meta.dirname, '../..')

/** A CDK app: its folder, and its synthesis command from `cdk.json`. */
export type Project = { root: string; app: string; isCheckout: boolean }

/**
 * The project of a folder: the nearest folder at or above it with a `cdk.json`; else this checkout. Throws CliError if there is none:
 * an installed package is no project.
 */
export function findProject(from: string = process.cwd()): Project {
  for (let folder = from; ; folder = dirname(folder)) {
    const app = appOf(folder)
    if (app !== undefined) return { root: folder, app, isCheckout: folder === PACKAGE_ROOT }
    if (folder === dirname(folder)) break
  }
  const app = existsSync(join(PACKAGE_ROOT, 'infra/app.ts')) ? appOf(PACKAGE_ROOT) : undefined
  if (app !== undefined) return { root: PACKAGE_ROOT, app, isCheckout: true }
  throw new CliError(
    `there is no project in ${from}, nor in a folder above it: none has a cdk.json with an "app". Make one: npx orchestrator init <folder>`,
  )
}

function appOf(folder: string): string | undefined {
  const file = join(folder, 'cdk.json')
  if (!existsSync(file)) return undefined
  const text = textOf(file)
  try {
    const { app } = JSON.parse(text) as { app?: unknown }
    return typeof app === 'string' ? app : undefined
  } catch (error) {
    throw new CliError(`${file} is not JSON: ${(error as Error).message}`)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${whyNot(error as NodeJS.ErrnoException)}`)
  }
}
