import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import type { LocalCloud } from '../../local/local-cloud.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { countUnfinished } from '../dev/count-unfinished.ts'
import { findProject } from '../dev/find-project.ts'
import { FirstStart } from '../dev/first-start.ts'
import { holdFolder } from '../dev/hold-folder.ts'
import { inspectOf, textOfInspect } from '../dev/inspect.ts'
import { Interruption } from '../dev/interruption.ts'
import { findModel } from '../dev/models/find-model.ts'
import { useModel } from '../dev/models/use-model.ts'
import { openLogs } from '../dev/open-logs.ts'
import { beKnown } from '../dev/own-key.ts'
import type { ReloadEvent } from '../dev/reload-event.ts'
import { requireFreePort } from '../dev/require-free-port.ts'
import { runSample } from '../dev/run-sample.ts'
import { startCloud } from '../dev/start-cloud.ts'
import { synthesize } from '../dev/synthesis/synthesize.ts'
import { tellReload } from '../dev/tell-reload.ts'
import { uploadReadmes } from '../dev/upload-readmes.ts'
import { VersionsInService } from '../dev/versions-in-service.ts'
import { SAMPLE, setUrl, welcome } from '../dev/welcome.ts'
import { wholeOption } from '../input/parse-options.ts'
import { duration } from '../show/duration.ts'
import { lineWidth, wrapText } from '../show/layout.ts'
import { makeFolder, whyNot } from '../show/make-folder.ts'
import { style } from '../show/output.ts'
import { printJson } from '../show/terminal.ts'

type Options = {
  port: number
  awsPort: number
  data: string
  logSize: number
  logFiles: number
  sample?: boolean
  exit?: boolean
  json?: boolean
  verbose?: boolean
  watch: boolean
  inspect?: number | true
  auth?: boolean
}

export function devCommand(): Command {
  return new Command('dev')
    .description('Run everything on this machine: no account, no Docker, no network')
    .option('-p, --port <n>', 'of the API', wholeOption('--port', 0, 65_535), 8000)
    .option(
      '--aws-port <n>',
      'of the AWS endpoint, for SDKs and the AWS CLI; 0 for any',
      wholeOption('--aws-port', 0, 65_535),
      0,
    )
    .option('--data <folder>', 'where tasks are kept', parseFolder, '.orchestrator')
    .option('--log-size <MB>', 'of a log file; each function has its own in <data>/logs', parseSize, 10)
    .option(
      '--log-files <n>',
      'of each function, the newest; older ones are removed',
      wholeOption('--log-files', 1, 1_000),
      3,
    )
    .option('--sample', 'run the sample task first, once for a data folder')
    .option('--exit', 'stop after the sample; uses any free port and keeps nothing')
    .option('--no-watch', 'do not deploy agents and workflows again when their files change')
    .option(
      '--inspect [port]',
      'let debuggers attach to agents, each at a port of its own from this one on (9229); nothing times out',
      wholeOption('--inspect', 1, 65_000),
    )
    .option(
      '--auth',
      'ask for a token or a key, as a deployment with `identity` does; a first key is printed',
    )
    .option(
      '--json',
      'print what happens (ready, reloaded, unchanged, refused, restart) as JSON lines; with --exit: the sample task on the last line',
    )
    .option('-v, --verbose', 'show the logs of all functions')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator dev --port 9000\n  npx orchestrator dev --sample --exit --json',
    )
    .action(dev)
}

async function dev(options: Options): Promise<void> {
  const cleanUp = new AsyncDisposableStack()
  try {
    await serve(options, cleanUp)
  } finally {
    await cleanUp.disposeAsync()
  }
}

async function serve(options: Options, cleanUp: AsyncDisposableStack): Promise<void> {
  const { sample = false, exit = false, json = false, verbose = false, auth = false } = options
  const started = performance.now()
  // With --json, stdout is for scripts; progress for people goes to stderr.
  const to = json ? process.stderr : process.stdout
  const say = (text: string): void => void to.write(`${text}\n`)
  const sayWrapped = (text: string): void => say(wrapText(text, lineWidth(to)))
  const ports = { port: exit ? 0 : options.port, awsPort: options.awsPort }
  const limits = { bytes: options.logSize * 1024 * 1024, files: options.logFiles }
  const project = findProject()
  const folder = resolve(project.root, options.data)
  const { asked: interrupted } = cleanUp.use(new Interruption())
  const orInterrupted = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([work, interrupted.then((): never => fail(EXIT.interrupted))])

  await makeFolder(folder).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`--data: "${options.data}" cannot be a folder for tasks: ${whyNot(error)}`)
  })
  if (!exit) cleanUp.defer(await holdFolder(folder))
  for (const port of Object.values(ports)) await requireFreePort(port)
  await requireScript(process.env.ORCHESTRATOR_MODEL_SCRIPT)
  const assembly = join(folder, exit ? `cdk.out.${process.pid}` : 'cdk.out')
  if (exit) cleanUp.defer(() => rm(assembly, { recursive: true, force: true }))
  const logs = await openLogs(join(folder, 'logs'), limits, verbose)
  cleanUp.defer(() => logs.close())

  // The synthesis and later builds inherit both as environment.
  if (auth) process.env.ORCHESTRATOR_AUTH = 'true'
  if (options.inspect !== undefined) process.env.ORCHESTRATOR_SOURCE_MAPS = 'true'
  const onStart = (): void => say(style('dim', 'synthesizing the stacks and bundling the functions ...'))
  const warnings = await orInterrupted(synthesize(assembly, { project, data: folder, onStart }))
  for (const warning of warnings) sayWrapped(style('yellow', warning))
  // While the cloud starts, which asks for the answer when it makes the functions.
  const where = { url: process.env.ORCHESTRATOR_MODEL_URL, model: process.env.ORCHESTRATOR_MODEL }
  const model = useModel(findModel(where))
  const cloud = await startCloud({
    assembly,
    ...ports,
    environment: model.environment,
    ...(exit ? {} : { folder }),
    logs,
    auth,
    ...inspectOf(options, (event) => (json ? printJson(event, 0) : say(textOfInspect(event)))),
  })
  cleanUp.defer(() => cloud.stop())
  say(style('dim', `the local cloud is up (${duration(performance.now() - started)})`))
  if (auth) cleanUp.defer(await beKnown(cloud, say))
  const ofModel = await model.told()
  if (ofModel !== undefined) say(ofModel)
  for (const problem of await cloud.secretProblems()) sayWrapped(style('yellow', `warning: ${problem}`))
  if (verbose) say(style('dim', `left out, for nothing here depends on it: ${cloud.ignored.join(', ')}`))

  const first = await FirstStart.of(folder)
  if (!exit) {
    const open = await orInterrupted(countUnfinished(cloud.apiUrl))
    if (open > 0) say(`${open} unfinished ${open === 1 ? 'task goes' : 'tasks go'} on`)
  }
  if (sample || exit) {
    const task = await orInterrupted(sampleOnce(cloud, { first, exit, to, json, folder }))
    if (exit) return task?.status === 'succeeded' ? undefined : fail(EXIT.taskFailed)
  }
  welcome(cloud, await orInterrupted(uploadReadmes(cloud.apiUrl, project.root, first)), say)
  if (options.watch) {
    const tell = (event: ReloadEvent): void => tellReload(event, { json, say: sayWrapped })
    const { startReloading } = await import('../dev/reload.ts')
    const versions = VersionsInService.open(cloud.apiUrl)
    versions.catch(() => {})
    const versionsOf = async (changed: readonly string[]) => (await versions).after(changed)
    cleanUp.defer(await startReloading({ cloud, assembly, warnings, tell, versionsOf }))
    say(style('dim', 'Agents and workflows are deployed again when you save them.'))
  }
  const key = auth ? { key: process.env.ORCHESTRATOR_KEY } : {}
  if (json) printJson({ event: 'ready', apiUrl: cloud.apiUrl, awsUrl: cloud.awsUrl, ...key }, 0)
  const failure = await Promise.race([interrupted, cloud.failed])
  if (failure) fail(EXIT.unreachable, `the tables in ${folder} cannot be used any more: ${failure.message}`)
  say('\nstopping ...')
}

type Sampling = { first: FirstStart; exit: boolean; to: NodeJS.WriteStream; json: boolean; folder: string }

/** Runs the sample on the first start of a data folder; later ones say how to run it again. With `exit` nothing is kept: it runs. */
async function sampleOnce({ apiUrl }: LocalCloud, { first, exit, to, json, folder }: Sampling) {
  const { sample } = first.done
  if (sample !== undefined && !exit) {
    const [again, result] = [`submit ${SAMPLE} --wait`, `result ${sample}`].map(
      (rest) => `  ${setUrl(apiUrl)}npx orchestrator ${rest}`,
    )
    to.write(`the sample ran at the first start; its report, and how to run it again:\n${result}\n${again}\n`)
    return undefined
  }
  const onSubmitted = (taskId: string): Promise<void> =>
    exit ? Promise.resolve() : first.note({ sample: taskId })
  return runSample(apiUrl, { to, json, reports: join(folder, 'reports'), onSubmitted })
}

/** Before anything is synthesized. Throws CliError for a script of models that cannot be played, with every mistake and its place. */
async function requireScript(file: string | undefined): Promise<void> {
  if (!file) return
  const { readScript, ScriptError } = await import('../../local/local-cloud.ts')
  await readScript(file).catch((error: unknown) => {
    throw error instanceof ScriptError ? new CliError(error.message) : error
  })
}

/** Ends the command with an exit code; without a message, the problem has been reported already. */
function fail(exitCode: number, message = ''): never {
  throw new CliError(message, exitCode)
}

/** Parses a size in MB. */
function parseSize(text: string): number {
  const megabytes = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (megabytes >= 0.01 && megabytes <= 10_000) return megabytes
  throw new CliError(`--log-size is a number of MB from 0.01 to 10000; this is "${text}"`)
}

function parseFolder(text: string): string {
  if (text !== '') return text
  throw new CliError('--data is the name of a folder; this is ""')
}
