import { spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { dirname, join } from 'node:path'
import { CliError } from '../cli-error.ts'

export const PROJECT_ROOT = join(import.meta.dirname, '../..')

/** Synthesizes the CDK app into a folder, as `cdk synth` would; answers its warnings. Throws CliError with what it printed. */
export async function synthesize(folder: string): Promise<string[]> {
  const app = spawn(process.execPath, [join(PROJECT_ROOT, 'infra/app.ts')], {
    cwd: PROJECT_ROOT,
    env: { ...quickly(), ...process.env, CDK_OUTDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [app.stdout, app.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  const code = await new Promise<number | null>((resolve, reject) =>
    app.on('close', resolve).on('error', reject),
  )
  if (code !== 0) throw new CliError(`the stacks could not be synthesized:\n${printed.trim()}`)
  return printed.split('\n').filter((line) => line.startsWith('warning: '))
}

/**
 * What CloudFormation's rules say of the templates is asked where they are deployed: here it would be more than half of the time. The
 * compiled code of a process is not its children's unless they are told where it is.
 */
function quickly(): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir()
  return { CDK_VALIDATION: 'false', ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) }) }
}
