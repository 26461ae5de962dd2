import { readdir, readFile } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { writeNewFiles } from '../new/new-files.ts'
import { packageSpec } from '../new/package-spec.ts'
import { projectFiles } from '../new/project-files.ts'
import { fileInPlaceOf, linesMissing, namesInTheWay } from '../new/writable-folder.ts'
import { makeFolder, whyNot } from '../show/make-folder.ts'
import { style } from '../show/output.ts'
import { print, printJson } from '../show/terminal.ts'

type Options = { package?: string; json?: boolean }

export function initCommand(): Command {
  return new Command('init')
    .description('Make a project: an agent, a workflow, a test of each, a stage, a CDK app')
    .argument('[folder]', 'a new or an empty one; a README, a license and dotfiles are kept', '.')
    .option('--package <spec>', 'where npm finds this package: a version, or file:<tarball>')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator init my-agents\n  npx orchestrator init --package file:../orchestrator-0.1.0.tgz',
    )
    .action(init)
}

async function init(folder: string, { package: spec, json = false }: Options): Promise<void> {
  const root = resolve(folder)
  const unusable = (error: NodeJS.ErrnoException): never => {
    throw new CliError(`"${folder}" cannot be a folder: ${whyNot(error)}`)
  }
  await makeFolder(root).catch(unusable)
  const there = await readdir(root).catch(unusable)
  const others = namesInTheWay(there)
  if (others.length > 0)
    throw new CliError(
      `${root} is not empty: it has ${others.slice(0, 3).join(', ')}${others.length > 3 ? ', ...' : ''}; a project is made in a new or an empty folder; a README, a license and files that begin with a dot may be there`,
    )
  const all = Object.entries(projectFiles(packageNameOf(root), spec ?? packageSpec(root)))
  const files = all.filter(([path]) => fileInPlaceOf(path, there) === undefined)
  const kept = all.flatMap(([path]) => fileInPlaceOf(path, there) ?? []).sort()
  await writeNewFiles(root, Object.fromEntries(files))
  const made = files.map(([path]) => path)
  if (json) return printJson({ folder: root, files: made, kept })
  print(`made in ${root}:`)
  for (const path of made) print(`  ${path}`)
  if (kept.length > 0) print(`kept, for it was there already: ${kept.join(', ')}`)
  const ignored = all.find(([path]) => path === '.gitignore' && kept.includes(path))?.[1]
  const lacking =
    ignored === undefined ? [] : linesMissing(ignored, await readFile(join(root, '.gitignore'), 'utf8'))
  if (lacking.length > 0) print(`  .gitignore lacks: ${lacking.join(', ')}`)
  const way = relative('.', root)
  const go = way === '' ? '' : `  cd ${/^[\w./-]+$/.test(way) ? way : JSON.stringify(way)}\n`
  print(`
${style('bold', 'What to do next')}
${go}  npm install
  npm test
  npx orchestrator dev`)
}

/** The folder's name as a valid package name. */
function packageNameOf(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '')
    .slice(0, 100)
  // A package with the name of its dependency could not install it.
  return name === '' || name === 'orchestrator' ? 'my-agents' : name
}
