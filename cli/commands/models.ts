import { Command } from 'commander'
import type { ModelView } from '../../shared/contracts/model-views.ts'
import { callApi } from '../api-client.ts'
import { usd } from '../show/money.ts'
import { printJson, say } from '../show/output.ts'
import { printTable } from '../show/table.ts'

type Options = { json?: boolean }

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
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  orchestrator models\n  orchestrator models --json')
    .action(listModels)
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
