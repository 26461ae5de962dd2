import { readFileSync } from 'node:fs'
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda'

const TOLD: Readonly<Record<string, string>> = {
  ApiUrl: 'API',
  Call: 'Call it',
  CallerPolicy: 'Callers need',
  Machines: 'Workflows',
  Dashboard: 'Dashboard',
  AlarmTopic: 'Alarms go to',
}
/** What accounts have by default; new ones begin with less. */
const USUAL_CONCURRENCY = 1_000

export function tellOutputs(stage: string, file: string, json: boolean): void {
  const stacks = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>
  const all = Object.assign({}, ...Object.values(stacks)) as Record<string, string>
  if (json) return console.log(JSON.stringify(all))
  console.log(`\nStage "${stage}" is deployed.`)
  for (const [output, title] of Object.entries(TOLD)) tell(title, all[output] ?? '-')
}

/** How many functions may run at once in this account and region: steps that find none free are tried again. */
export async function tellConcurrency(json: boolean): Promise<void> {
  if (json) return
  const settings = await new LambdaClient({}).send(new GetAccountSettingsCommand({})).catch(() => undefined)
  const most = settings?.AccountLimit?.ConcurrentExecutions
  if (most === undefined) return
  const few = most < USUAL_CONCURRENCY ? '; ask for more (Service Quotas, Lambda) before much runs' : ''
  tell('Concurrency', `${most} functions at once in this account and region${few}`)
}

export function tellWhatIsKept(stage: string, names: readonly string[], json: boolean): void {
  if (json) return console.log(JSON.stringify({ kept: names }))
  console.log('\nThe stacks are gone. Kept on purpose (docs/operations.md, "Destroy, and come back"):')
  for (const name of names) console.log(`  ${name}`)
  console.log(`They are taken back by: npm run deploy -- ${stage}`)
}

const tell = (title: string, value: string): void => console.log(`  ${title.padEnd(13)} ${value}`)
