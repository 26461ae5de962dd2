import { spawn } from 'node:child_process'
import { cp, glob, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { emptyPackageFolder } from './empty-package-folder.ts'
import { type Manifest, packedManifest } from './packed-manifest.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Files that are packed without compilation. */
const DATA = [
  'bin',
  'docs',
  'schemas',
  'workflows',
  'stages',
  'examples/data',
  'cdk.json',
  'README.md',
  'LICENSE',
]

export type Packed = {
  /** An absolute path. */
  tarball: string
  files: { path: string; size: number }[]
  /** The size of the tarball. */
  bytes: number
}

/**
 * Makes the package in a folder, which is emptied first, and its tarball beside the files. Throws an Error with a failed tool's output,
 * and for a folder that holds anything but an earlier package.
 */
export async function makePackage(folder: string): Promise<Packed> {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest
  const out = await emptyPackageFolder(folder, { root: ROOT, name: manifest.name })
  try {
    await run(
      join(ROOT, 'node_modules/.bin/tsc'),
      ['--project', 'tsconfig.package.json', '--outDir', out],
      ROOT,
    )
  } finally {
    // Also after a failed compilation, which leaves the checkout's manifest: the next run recognizes the folder by this one.
    await writeFile(join(out, 'package.json'), `${JSON.stringify(packedManifest(manifest), null, 2)}\n`)
  }
  await nameSources(out)
  for (const path of DATA) await cp(join(ROOT, path), join(out, path), { recursive: true })
  const printed = await run('npm', ['pack', '--json', '--ignore-scripts'], out)
  const [packed] = JSON.parse(printed) as [{ filename: string; size: number; files: Packed['files'] }]
  return {
    tarball: join(out, packed.filename),
    bytes: packed.size,
    files: packed.files.map(({ path, size }) => ({ path, size })),
  }
}

/** Source maps contain the source text; paths of the checkout are replaced by the file's name, because the package lacks those folders. */
async function nameSources(out: string): Promise<void> {
  for await (const path of glob('**/*.js.map', { cwd: out })) {
    const map = JSON.parse(await readFile(join(out, path), 'utf8')) as { sources: string[] }
    map.sources = map.sources.map((source) => basename(source))
    await writeFile(join(out, path), JSON.stringify(map))
  }
}

async function run(command: string, args: string[], cwd: string): Promise<string> {
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text
    })
  }
  const code = await new Promise<number | null>((done, reject) => child.on('close', done).on('error', reject))
  if (code !== 0)
    throw new Error(`${basename(command)} ended with ${code}:\n${printed.stdout}${printed.stderr}`)
  return printed.stdout
}
