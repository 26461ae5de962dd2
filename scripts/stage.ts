import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readStageNamed } from '../infra/stage.ts'
import { requirePlace, StageError } from '../infra/stage-place.ts'
import { namesOfKept, sweepMachines } from './deployment/after-destroy.ts'
import { readStack } from './deployment/assembly.ts'
import { type Aws, connectToAws } from './deployment/aws.ts'
import { findDeployed } from './deployment/deployed-stack.ts'
import { AdoptionError } from './deployment/kept-resources.ts'
import { type Options, parseOptions } from './deployment/options.ts'
import { parseOverrides } from './deployment/overrides.ts'
import { findPlaced, requireSeen, UNPLACED, writePlaced } from './deployment/placed.ts'
import { type TakenBack, takeBack } from './deployment/take-back.ts'
import { tellOutputs, tellWhatIsKept } from './deployment/tell.ts'

/** `npm run deploy`, `diff` and `destroy`: the CDK's own CLI for one stage, with the steps before and after it. */
const ROOT = join(import.meta.dirname, '..')

const HELP = `Usage: npm run deploy|diff|destroy [-- [stage] [options] [options of cdk]]

  npm run deploy                                  the stage "default" (stages/default.yaml)
  npm run deploy -- staging                       another stage
  npm run diff -- staging                         what a deployment would change
  npm run deploy -- staging --require-approval never
  npm run deploy -- --context logRetentionDays=90 one value for this time
  npm run destroy -- staging                      remove it; tables, buckets and the bus are kept

A stage that is deployed again takes back the tables, buckets and the bus that it has left:
  --adopt tasks=<name>     this table instead, for instance a restored one; also registry, bucket, accesslogs
  --fresh                  begin with new tables and buckets
  --json                   outputs as JSON

The account and region are those of the AWS credentials in the environment. Once for each account and region: npx cdk bootstrap`

const TAKE_NAMED = '--import-existing-resources'

type Verb = 'deploy' | 'diff' | 'destroy'
const VERBS: readonly string[] = ['deploy', 'diff', 'destroy'] satisfies Verb[]

async function run(verb: Verb, options: Options): Promise<number> {
  const { stage, json, ofSynthesis, rest } = options
  // Fails early, before any request to AWS.
  const place = readStageNamed(stage, parseOverrides(ofSynthesis))
  if (place.region) process.env.AWS_REGION = place.region
  const profile = ofSynthesis[ofSynthesis.indexOf('--profile') + 1]
  if (ofSynthesis.includes('--profile') && profile) process.env.AWS_PROFILE = profile
  const aws = await connectToAws()
  requirePlace(place, aws)
  const { context, seen } = await contextOf(aws, options, place.prefix)
  const { app } = options
  if (verb === 'diff') return cdk(['diff', ...(app ? ['--app', app] : []), ...context, ...rest], json)

  const assembly = app === undefined ? join(ROOT, 'cdk.out') : resolve(app)
  if (app === undefined) {
    const code = await cdk(['synth', '--quiet', '--output', assembly, ...context], json)
    if (code !== 0) return code
  }
  if (verb === 'deploy' && app === undefined && !seen) requireSeen(readStack(assembly, 'runtime'))
  const given = ['--app', assembly, ...ofSynthesis, ...rest]
  return verb === 'deploy' ? deploy(aws, assembly, given, options) : destroy(aws, assembly, given, options)
}

/** Passes the deployed placement to synthesis, so that nothing moves between stacks. A user may pass it explicitly instead. */
async function contextOf(aws: Aws, { stage, ofSynthesis }: Options, prefix: string) {
  const file = join(ROOT, '.orchestrator', `placed-${stage}.json`)
  const isSaid = ofSynthesis.some((option) => option.startsWith('placed='))
  const placed = isSaid ? UNPLACED : await findPlaced(aws, prefix).catch(unlessHidden)
  writePlaced(file, placed ?? UNPLACED)
  const context = ['--context', `stage=${stage}`, '--context', `placed=${file}`, ...ofSynthesis]
  return { context, seen: placed !== undefined }
}

async function deploy(aws: Aws, assembly: string, given: string[], options: Options): Promise<number> {
  const { stage, json } = options
  const outputs = join(ROOT, '.orchestrator', `outputs-${stage}.json`)
  mkdirSync(join(ROOT, '.orchestrator'), { recursive: true })
  rmSync(outputs, { force: true })
  const { data, names } = await takeBack(aws, assembly, options).catch(unlessForbidden)
  for (const name of names) console.error(`taken back: ${name}`)
  // The data stack first, alone: the CDK imports existing resources by name only if their stack retains them, which others do not.
  const first =
    data === undefined ? 0 : await cdk(['deploy', data, '--exclusively', TAKE_NAMED, ...given], json)
  if (first !== 0) return first
  const code = await cdk(['deploy', '--all', '--outputs-file', outputs, ...given], json)
  if (code !== 0) return code
  await tellOutputs(stage, outputs, json)
  return 0
}

/** Credentials that may only assume the CDK's roles cannot list resources themselves. */
const isForbidden = ({ name }: Error): boolean => /AccessDenied|Unauthorized|Forbidden/.test(name)

function unlessHidden(error: Error): undefined {
  if (!isForbidden(error)) throw error
  console.error(`it was not looked which stack holds what is deployed: ${error.message}`)
}

function unlessForbidden(error: Error): TakenBack {
  if (!isForbidden(error)) throw error
  console.error(`it was not looked for what an earlier installation may have left: ${error.message}`)
  return { names: [] }
}

async function destroy(
  aws: Aws,
  assembly: string,
  given: string[],
  { stage, json }: Options,
): Promise<number> {
  const { name } = readStack(assembly, 'data')
  const kept = await namesOfKept(aws, name)
  const code = await cdk(['destroy', '--all', ...given], json)
  if (code !== 0) return code
  // If the user declined the CDK's question, nothing has changed.
  if (await findDeployed(aws, readStack(assembly, 'runtime').name)) return 1
  const swept = await sweepMachines(aws, name.slice(0, -'-data'.length))
  if (swept > 0) console.error(`state machines that were left: ${swept}, removed`)
  tellWhatIsKept(stage, kept, json)
  return 0
}

/** The CDK's output is for people: with `--json` it goes to stderr. */
async function cdk(words: string[], json: boolean): Promise<number> {
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/aws-cdk/bin/cdk'), ...words], {
    cwd: ROOT,
    stdio: ['inherit', json ? 2 : 'inherit', 'inherit'],
  })
  // The CDK handles Ctrl-C itself, and reports what it leaves behind.
  process.on('SIGINT', () => {})
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)))
}

// At the end of the module, when everything that it uses is defined.
const [verb = '', ...args] = process.argv.slice(2)
if (!VERBS.includes(verb) || args.includes('--help') || args.includes('-h')) {
  console.log(HELP)
  process.exit(VERBS.includes(verb) ? 0 : 2)
}
try {
  process.exitCode = await run(verb as Verb, parseOptions(args))
} catch (error) {
  const { name, message } = error as Error
  const isOfAws = '$metadata' in (error as object) || name === 'CredentialsProviderError'
  if (!isOfAws && !(error instanceof AdoptionError) && !(error instanceof StageError)) throw error
  console.error(isOfAws ? `${name}: ${message}` : message)
  process.exitCode = isOfAws ? 1 : 2
}
