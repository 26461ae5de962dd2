import { spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { delimiter, dirname } from 'node:path'
import { CliError } from '../cli-error.ts'
import type { Project } from './find-project.ts'

/** Synthesizes the CDK app of a project into a folder, as `cdk synth` would; answers its warnings. Throws CliError with what it printed. */
export async function synthesize(folder: string, project: Project): Promise<string[]> {
  // The command is the project's own, for a shell, as the CDK's CLI runs it; its `node` is the one that runs this.
  const app = spawn(project.app, {
    cwd: project.root,
    env: { ...quickly(), ...process.env, ...withThisNode(), CDK_OUTDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: true,
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

/** Windows has the name of the variable in another case, and a child must not get both. */
function withThisNode(): NodeJS.ProcessEnv {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  return { [name]: [dirname(process.execPath), process.env[name] ?? ''].join(delimiter) }
}

/**
 * What CloudFormation's rules say of the templates is asked where they are deployed: here it would be more than half of the time. The
 * compiled code of a process is not its children's unless they are told where it is.
 */
function quickly(): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir()
  return { CDK_VALIDATION: 'false', ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) }) }
}
