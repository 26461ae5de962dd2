import { Command } from 'commander'
import type { ModelView } from '../../shared/contracts/model-views.ts'
import { suggestNames } from '../../shared/domain/nearest-names.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { duration } from '../show/duration.ts'
import { usd } from '../show/money.ts'
import { say, style } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { printJson } from '../show/terminal.ts'
import { type Try, tryModels } from '../show/try-models.ts'

type Options = { try?: string | true; json?: boolean }

const HEADER = [
  'model',
  'provider',
  'id',
  'context',
  'price in/out',
  'fallback',
  'agents',
  'calls',
  'tokens',
  'cost',
]
/** The setting to make where there are no models. */
const EXAMPLE = `models:
  default: { provider: bedrock, id: us.anthropic.claude-haiku-4-5-20251001-v1:0, contextTokens: 200000 }`

export function modelsCommand(): Command {
  return new Command('models')
    .description(
      'List the language models of the stage: price, agents that need them, use of the last 30 days',
    )
    .option(
      '-t, --try [name]',
      'call it once, or all of them: how long it takes, tokens, cost, or what to do',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator models\n  npx orchestrator models --try\n  npx orchestrator models --try default',
    )
    .action((options: Options) =>
      options.try === undefined ? listModels(options) : tryThem(options.try, options),
    )
}

/** Throws CliError, with exit code 1, where one has not answered. */
async function tryThem(wanted: string | true, { json = false }: Options): Promise<void> {
  const { models } = await callApi('listModels', {})
  const known = models.map(({ name }) => name)
  if (known.length === 0)
    throw new CliError(`the stage configures no language models; for example:\n${EXAMPLE}`)
  if (wanted !== true && !known.includes(wanted))
    throw new CliError(`--try: the stage configures no model "${wanted}"${suggestNames(wanted, known)}`)
  const { taskId, tries } = await tryModels(wanted === true ? known : [wanted])
  if (json) printJson({ taskId, tries })
  else printTries(tries, taskId)
  if (tries.some(({ error, fallback }) => error ?? fallback)) throw new CliError('', EXIT.taskFailed)
}

function printTries(tries: readonly Try[], taskId: string): void {
  const rows = tries.map(({ name, milliseconds, costUsd, tokens, text, error, fallback }) => [
    name,
    error
      ? style('red', 'failed')
      : fallback
        ? style('yellow', `${fallback.name} answers`)
        : style('green', 'answers'),
    milliseconds === undefined ? '' : duration(milliseconds),
    tokens ? `${grouped(tokens.input)} in, ${grouped(tokens.output)} out` : '',
    costUsd === undefined ? '' : usd(costUsd),
    error ? '' : JSON.stringify(text),
  ])
  printTable(['model', '', 'after', 'tokens', 'cost', 'answer'], rows)
  for (const { name, error, fallback } of tries) {
    const why = error ?? fallback?.because
    const who = fallback ? `, so that its fallback ${fallback.name} has answered` : ''
    if (why) say(`\n${name}: ${why.name}: ${why.message}${who}`)
  }
  say(style('dim', `\ntask ${taskId}`))
}

async function listModels({ json = false }: Options): Promise<void> {
  const listed = await callApi('listModels', {})
  if (json) return printJson(listed)
  const { models, missing } = listed
  if (models.length > 0) printTable(HEADER, models.map(rowOf))
  else say(`the stage configures no language models; in stages/<name>.yaml, for example:\n${EXAMPLE}`)
  for (const { name, agents } of missing)
    say(`models.${name} is not configured; needed by ${agents.join(', ')}`)
}

function rowOf({
  name,
  provider,
  id,
  url,
  contextTokens,
  price,
  fallback,
  agents,
  used,
}: ModelView): string[] {
  const { calls, costUsd } = used
  const tokens = used.inputTokens + used.outputTokens + used.cacheReadTokens + used.cacheWriteTokens
  return [
    name,
    url ?? provider,
    id,
    grouped(contextTokens),
    price ? `${price.input} / ${price.output} USD` : 'no price known',
    fallback ?? '',
    agents.join(', '),
    calls === 0 ? '' : grouped(calls),
    calls === 0 ? '' : grouped(tokens),
    calls === 0 ? '' : costOf(price, costUsd),
  ]
}

const costOf = (price: ModelView['price'], costUsd: number): string =>
  price === undefined && costUsd === 0 ? 'not known' : usd(costUsd)

const grouped = (count: number): string => count.toLocaleString('en-US')
