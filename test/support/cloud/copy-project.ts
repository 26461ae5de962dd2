import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
const COPIED = [
  ...['infra', 'functions', 'shared', 'workflows', 'stages'],
  ...['package.json', 'tsconfig.json', 'cdk.json'],
]
const CLI = ['bin', 'cli', 'local', 'examples']

/**
 * A copy of the project to change in tests. `validated: false` skips CloudFormation's validation, half of the time, and cdk-nag's
 * `rulePacks`, a tenth; `cli` to run it.
 */
export function copyProject({
  validated = true,
  rulePacks = validated,
  cli = false,
}: {
  validated?: boolean
  rulePacks?: boolean
  cli?: boolean
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'project-'))
  for (const name of [...COPIED, ...(cli ? CLI : [])])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const out = join(folder, 'out')
  return {
    folder,
    /** The folder to which `synthesize` writes the assembly. */
    out,
    read: (path: string): string => readFileSync(join(folder, path), 'utf8'),
    delete: (path: string) => rmSync(join(folder, path), { recursive: true }),
    write(path: string, text: string): void {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    },
    /** Runs the app as the CDK's CLI does. */
    synthesize(context: Record<string, string> = {}) {
      const CDK_VALIDATION = String(validated)
      const env = {
        ...process.env,
        CDK_OUTDIR: out,
        CDK_CONTEXT_JSON: JSON.stringify(context),
        CDK_VALIDATION,
        ORCHESTRATOR_RULE_PACKS: String(rulePacks),
      }
      const { status, stderr } = spawnSync(process.execPath, ['infra/app.ts'], {
        cwd: folder,
        env,
        encoding: 'utf8',
      })
      return { status, stderr }
    },
    template: (file: string) => JSON.parse(readFileSync(join(out, file), 'utf8')) as Template,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export type Template = {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>
  Outputs: Record<string, unknown>
}
