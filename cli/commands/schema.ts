import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Argument, Command } from 'commander'
import { PACKAGE_ROOT } from '../dev/find-project.ts'

/** The files that have a schema: `schemas/<name>.schema.json`, made by `npm run docs`. */
const SCHEMAS = ['workflow', 'stage'] as const

export function schemaCommand(): Command {
  return new Command('schema')
    .description('Print the JSON Schema of workflow or stage files, by which editors complete and check them')
    .addArgument(new Argument('<what>', 'of which files').choices(SCHEMAS))
    .addHelpText(
      'after',
      `
Examples:
  npx orchestrator schema workflow > workflow.schema.json

Editors with a YAML language server read it where a file begins with:
  # yaml-language-server: $schema=./workflow.schema.json`,
    )
    .action(async (what: (typeof SCHEMAS)[number]) => {
      process.stdout.write(await readFile(join(PACKAGE_ROOT, `schemas/${what}.schema.json`), 'utf8'))
    })
}
