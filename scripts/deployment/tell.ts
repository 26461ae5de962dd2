import { readFileSync } from 'node:fs'
import { describeQuota } from './account-quota.ts'

const TOLD: Readonly<Record<string, string>> = {
  ApiUrl: 'API',
  Call: 'Call it',
  CallerPolicy: 'Callers need',
  Versions: 'Registered',
  Machines: 'Workflows',
  Dashboard: 'Dashboard',
  AlarmTopic: 'Alarms go to',
}

export async function tellOutputs(stage: string, file: string, json: boolean): Promise<void> {
  const stacks = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>
  const all = Object.assign({}, ...Object.values(stacks)) as Record<string, string>
  if (json) return console.log(JSON.stringify(all))
  console.log(`\nStage "${stage}" is deployed.`)
  for (const [output, title] of Object.entries(TOLD)) tell(title, all[output] ?? '-')
  for (const line of await describeQuota(Number(all.AccountConcurrency))) console.log(`  ${line}`)
}

export function tellWhatIsKept(stage: string, names: readonly string[], json: boolean): void {
  if (json) return console.log(JSON.stringify({ kept: names }))
  console.log('\nThe stacks are gone. Kept on purpose (docs/how-to/deploy.md, "Destroy, and come back"):')
  for (const name of names) console.log(`  ${name}`)
  console.log(`They are taken back by: npm run deploy -- ${stage}`)
}

const tell = (title: string, value: string): void => console.log(`  ${title.padEnd(13)} ${value}`)
