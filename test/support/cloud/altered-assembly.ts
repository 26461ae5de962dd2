import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { layExpressions } from '../../../infra/bundle-expressions.ts'
import { BUNDLING } from '../../../infra/bundle-functions.ts'
import { ASSEMBLY } from '../runner/synthesize-once.ts'

type Resource = { Type: string; Properties: Record<string, never>; DependsOn?: string[] }
export type Template = { Resources: Record<string, Resource> }

const made: string[] = []
const TEMPLATE = 'orchestrator-runtime.template.json'

/** A copy of the synthesized assembly with its runtime template changed; bundles are shared, not copied. */
export function alterAssembly(
  change: (template: Template, folder: string) => void,
  templateFile = TEMPLATE,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'assembly-'))
  made.push(folder)
  for (const name of readdirSync(ASSEMBLY)) {
    if (name.startsWith('asset.')) symlinkSync(join(ASSEMBLY, name), join(folder, name))
    else if (name.endsWith('.json')) cpSync(join(ASSEMBLY, name), join(folder, name))
  }
  const template = JSON.parse(readFileSync(join(folder, templateFile), 'utf8')) as Template
  change(template, folder)
  writeFileSync(join(folder, templateFile), JSON.stringify(template))
  return folder
}

/** Replaces the code of a built-in agent's function by another agent; its resources stay. */
export async function replaceAgent(agentId: string, agentFile: string): Promise<string> {
  let asset = ''
  const folder = alterAssembly(({ Resources }, inside) => {
    const key = Resources[functionOf(Resources, `orchestrator-agent-${agentId}`)]?.Properties as unknown as {
      Code: { S3Key: string }
    }
    asset = join(inside, `asset.${key.Code.S3Key.replace('.zip', '')}`)
    rmSync(asset)
  })
  await build({
    stdin: {
      contents: `import agent from ${JSON.stringify(agentFile)}
        import { agentHandler } from './functions/steps/agent-handler.ts'
        export const handler = agentHandler(agent)`,
      resolveDir: BUNDLING.absWorkingDir,
      loader: 'ts',
    },
    ...BUNDLING,
    outfile: join(asset, 'index.mjs'),
  })
  await layExpressions(join(ASSEMBLY, 'expressions'), [asset])
  return folder
}

export function functionOf(resources: Template['Resources'], name: string): string {
  const found = Object.entries(resources).find(
    ([, { Properties }]) => (Properties as { FunctionName?: string }).FunctionName === name,
  )
  if (!found) throw new Error(`no function ${name}`)
  return found[0]
}

export function removeAltered(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
}
