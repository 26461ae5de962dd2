import { copyFile, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { isInPackage } from './bundle-cache/probes.ts'
import { PACKAGE_ROOT, sourceOf } from './package-root.ts'

const SHARED = {
  absWorkingDir: PACKAGE_ROOT,
  bundle: true,
  minify: true,
  target: 'node24',
  logLevel: 'warning',
  legalComments: 'none',
  metafile: true,
} satisfies BuildOptions

/** The worker thread that evaluates expressions, and the script of its realm: files that a function's bundle expects beside itself. */
export const EXPRESSION_FILES = ['expressions-worker.mjs', 'expressions-realm.js'] as const

/** Bundles both into `folder`, once for all functions. Returns the files of packages in them, as absolute paths. */
export async function bundleExpressions(folder: string): Promise<string[]> {
  const [worker, realm] = EXPRESSION_FILES
  const built = await Promise.all([
    build({
      ...SHARED,
      entryPoints: [sourceOf('functions/expressions/worker')],
      outfile: join(folder, worker),
      platform: 'node',
      format: 'esm',
    }),
    build({
      ...SHARED,
      entryPoints: [sourceOf('functions/expressions/realm')],
      outfile: join(folder, realm),
      // Neither modules nor host APIs exist in the realm.
      platform: 'neutral',
      format: 'iife',
      mainFields: ['main'],
    }),
  ])
  return built.flatMap(({ metafile }) =>
    Object.keys(metafile.inputs)
      .map((path) => resolve(PACKAGE_ROOT, path))
      .filter(isInPackage),
  )
}

/** Copies both files beside each function's bundle. */
export async function layExpressions(from: string, folders: readonly string[]): Promise<void> {
  await Promise.all(
    folders.flatMap((folder) =>
      EXPRESSION_FILES.map(async (file) => {
        await mkdir(folder, { recursive: true })
        await copyFile(join(from, file), join(folder, file))
      }),
    ),
  )
}
