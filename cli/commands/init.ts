import { readdir } from 'node:fs/promises'
import { basename, relative, resolve } from 'node:path'
import { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { writeNewFiles } from '../new/new-files.ts'
import { packageSpec } from '../new/package-spec.ts'
import { projectFiles } from '../new/project-files.ts'
import { makeFolder, whyNot } from '../show/make-folder.ts'
import { printJson, style } from '../show/output.ts'

type Options = { package?: string; json?: boolean }

export function initCommand(): Command {
  return new Command('init')
    .description('Make a project: an agent, a workflow, a test of each, a stage, a CDK app')
    .argument('[folder]', 'a new or an empty one', '.')
    .option('--package <spec>', 'where npm finds this package: a version, or file:<tarball>')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  orchestrator init my-agents\n  orchestrator init --package file:../orchestrator-0.1.0.tgz',
    )
    .action(init)
}

async function init(folder: string, { package: spec, json = false }: Options): Promise<void> {
  const root = resolve(folder)
  const unusable = (error: NodeJS.ErrnoException): never => {
    throw new CliError(`"${folder}" cannot be a folder: ${whyNot(error)}`)
  }
  await makeFolder(root).catch(unusable)
  // A repository that has nothing yet is an empty folder to its author.
  const there = (await readdir(root).catch(unusable)).filter((name) => name !== '.git')
  if (there.length > 0)
    throw new CliError(
      `${root} is not empty: it has ${there.slice(0, 3).join(', ')}${there.length > 3 ? ', ...' : ''}; a project is made in a new or an empty folder`,
    )
  const files = projectFiles(packageNameOf(root), spec ?? packageSpec(root))
  await writeNewFiles(root, files)
  if (json) return printJson({ folder: root, files: Object.keys(files) })
  console.log(`made in ${root}:`)
  for (const path of Object.keys(files)) console.log(`  ${path}`)
  const way = relative('.', root)
  const go = way === '' ? '' : `  cd ${/^[\w./-]+$/.test(way) ? way : JSON.stringify(way)}\n`
  console.log(`
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
