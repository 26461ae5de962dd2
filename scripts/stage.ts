import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeQuota } from './account-quota.ts'

/** `npm run deploy`, `diff` and `destroy`: the CDK's own CLI on the stacks of one stage, and what a person needs afterwards. */
const ROOT = join(import.meta.dirname, '..')
const STAGES = join(ROOT, 'stages')

const HELP = `Usage: npm run deploy|diff|destroy [-- [stage] [--json] [options of cdk]]

  npm run deploy                                  the stage "default" (stages/default.yaml)
  npm run deploy -- staging                       another stage
  npm run diff -- staging                         what a deployment would change
  npm run deploy -- staging --require-approval never
  npm run deploy -- --context logRetentionDays=90 one value for this time
  npm run destroy -- staging                      remove it; tables, buckets and the bus are kept

The account and region are those of the AWS credentials in the environment. Once for each account and region: npx cdk bootstrap`

type Verb = 'deploy' | 'diff' | 'destroy'
const VERBS: readonly string[] = ['deploy', 'diff', 'destroy'] satisfies Verb[]

const [verb = '', ...rest] = process.argv.slice(2)
if (!VERBS.includes(verb) || rest.includes('--help') || rest.includes('-h')) {
  console.log(HELP)
  process.exit(VERBS.includes(verb) ? 0 : 2)
}
const [first] = rest
const named = first !== undefined && !first.startsWith('-')
process.exitCode = await run(verb as Verb, named ? first : 'default', named ? rest.slice(1) : rest)

async function run(verb: Verb, stage: string, options: string[]): Promise<number> {
  if (!existsSync(join(STAGES, `${stage}.yaml`))) {
    const known = readdirSync(STAGES).map((file) => file.replace(/\.yaml$/, ''))
    console.error(`there is no stages/${stage}.yaml; known stages: ${known.sort().join(', ')}`)
    return 2
  }
  const json = options.includes('--json')
  const outputs = join(ROOT, '.orchestrator', `outputs-${stage}.json`)
  mkdirSync(join(ROOT, '.orchestrator'), { recursive: true })
  rmSync(outputs, { force: true })
  const own = {
    deploy: ['deploy', '--all', '--outputs-file', outputs],
    diff: ['diff'],
    destroy: ['destroy', '--all'],
  }[verb]
  const passed = options.filter((option) => option !== '--json')
  const code = await cdk([...own, '--context', `stage=${stage}`, ...passed], json)
  if (code !== 0) return code
  if (verb === 'deploy') await tellOutputs(stage, outputs, json)
  if (verb === 'destroy') tellWhatIsKept(json)
  return 0
}

/** Its words are for people: with `--json` they go where they are in nobody's way. */
async function cdk(args: string[], json: boolean): Promise<number> {
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/aws-cdk/bin/cdk'), ...args], {
    cwd: ROOT,
    stdio: ['inherit', json ? 2 : 'inherit', 'inherit'],
  })
  // The CDK hears Ctrl-C itself, and says what it leaves behind.
  process.on('SIGINT', () => {})
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)))
}

const TOLD: Readonly<Record<string, string>> = {
  ApiUrl: 'API',
  Call: 'Call it',
  CallerPolicy: 'Callers need',
  Machines: 'Workflows',
  Dashboard: 'Dashboard',
  AlarmTopic: 'Alarms go to',
}

async function tellOutputs(stage: string, file: string, json: boolean): Promise<void> {
  const stacks = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>
  const all = Object.assign({}, ...Object.values(stacks)) as Record<string, string>
  if (json) return console.log(JSON.stringify(all))
  console.log(`\nStage "${stage}" is deployed.`)
  for (const [output, title] of Object.entries(TOLD))
    console.log(`  ${title.padEnd(13)} ${all[output] ?? '-'}`)
  const region = all.AlarmTopic?.split(':')[3]
  if (!region) return
  const endpoint = process.env.AWS_ENDPOINT_URL_LAMBDA ?? process.env.AWS_ENDPOINT_URL
  for (const line of await describeQuota({ region, endpoint }, Number(all.AccountConcurrency)))
    console.log(`  ${line}`)
}

function tellWhatIsKept(json: boolean): void {
  if (json) return
  console.log(
    '\nThe stacks are gone. Kept on purpose: both tables, the buckets, the event bus and its archive (docs/operations.md, "Destroy, and come back").',
  )
}
