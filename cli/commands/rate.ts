import { userInfo } from 'node:os'
import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { numberOption, parseTaskId } from '../input/parse-options.ts'
import { ratingText } from '../show/describe-evaluation.ts'
import { say } from '../show/output.ts'
import { printJson } from '../show/terminal.ts'

type Options = { by: string; comment?: string; json?: boolean }

export function rateCommand(): Command {
  return new Command('rate')
    .description('Say how good the output of a step is; agents are chosen by it')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument('<stepId>', 'a step, e.g. report, or one of a loop or a fan-out: improve[2].draft, each[17]')
    .argument('<score>', 'from 0 (useless) to 1', parseScore)
    .option('-c, --comment <text>', 'kept with the rating')
    .option('-b, --by <name>', 'who rates it', userInfo().username)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator rate t_01... report 0.8\n  npx orchestrator rate t_01... report 0.2 \\\n    --comment "cites a source that does not say so"',
    )
    .action(async (id: string, stepId: string, score: number, { by, comment, json = false }: Options) => {
      const rating = await callApi('rateStep', { id, stepId, score, by, comment })
      if (json) return printJson(rating)
      say(`${rating.stepId}: ${ratingText(rating)}`)
    })
}

function parseScore(text: string): number {
  const score = numberOption('the score')(text)
  if (score <= 1) return score
  throw new CliError(`the score is a number from 0 to 1, such as 0.8; this is "${text}"`)
}
