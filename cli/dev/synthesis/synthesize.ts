import { spawn } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { getCompileCacheDir } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { CliError } from '../../cli-error.ts'
import type { Project } from '../find-project.ts'
import { findKept, keep, removeLeft, replace } from './kept-assembly.ts'
import { stateOfProject } from './project-state.ts'

type Order = {
  project: Project
  /** The folder for tasks, on which no synthesis depends. */
  data: string
  /** Called before a synthesis: not where the last one is taken again. */
  onStart: () => void
}

/**
 * Brings the assembly of a project's CDK app into a folder, as `cdk synth` would write it: the one that lies there, if nothing has
 * changed that it was made from. Returns the warnings of the synthesis. Throws CliError with the app's output.
 */
export async function synthesize(folder: string, { project, data, onStart }: Order): Promise<string[]> {
  const before = stateOfProject(project, data)
  const kept = await findKept(folder, before)
  if (kept !== undefined) return kept
  onStart()
  await removeLeft(folder)
  const making = `${folder}.${process.pid}.new`
  try {
    const startedAt = Date.now()
    const warnings = await runApp(making, project)
    await keep(making, { project: [before, stateOfProject(project, data)], startedAt, warnings })
    await replace(folder, making)
    return warnings
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

async function runApp(folder: string, project: Project): Promise<string[]> {
  const bundles = join(project.root, 'node_modules/.cache/orchestrator/bundles')
  // Where it cannot be made, nothing is kept.
  await mkdir(bundles, { recursive: true }).catch(() => {})
  // A shell runs the project's own command, as in the CDK's CLI, but with the Node.js that runs this process.
  const app = spawn(project.app, {
    cwd: project.root,
    env: { ...quickly(bundles), ...process.env, ...withThisNode(), CDK_OUTDIR: folder },
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

/** On Windows the variable's name has another case, and a child must not get both. */
function withThisNode(): NodeJS.ProcessEnv {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  return { [name]: [dirname(process.execPath), process.env[name] ?? ''].join(delimiter) }
}

/**
 * Skips CloudFormation's validation of the templates, which is more than half of the time, and the rule packs of cdk-nag; both are
 * about AWS, and happen before a deployment anyway. Child processes share the compile cache only if they are told its folder. Functions
 * whose files are as they were are not bundled again.
 */
function quickly(bundles: string): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir()
  return {
    CDK_VALIDATION: 'false',
    ORCHESTRATOR_RULE_PACKS: 'false',
    ORCHESTRATOR_LEAVE_OUT: 'true',
    ORCHESTRATOR_BUNDLE_CACHE: bundles,
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) }),
  }
}
