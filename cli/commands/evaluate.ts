import { randomUUID } from 'node:crypto'
import { Command } from 'commander'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { type Case, parseCases } from '../evaluate/cases.ts'
import { casesOfTasks } from '../evaluate/cases-of-tasks.ts'
import { printEvaluation } from '../evaluate/print-evaluation.ts'
import { type NotRun, type Result, type Run, runCases } from '../evaluate/run-cases.ts'
import { compare, summaryOf } from '../evaluate/summary.ts'
import { numberOption, parseDuration, wholeOption } from '../input/parse-options.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { wantedWorkflow } from '../input/wanted-workflow.ts'
import { scoreText } from '../show/describe-evaluation.ts'
import { say } from '../show/output.ts'
import { printError, printJson } from '../show/terminal.ts'
import { inOneLine, visible } from '../show/visible.ts'

type Options = {
  cases?: string
  against?: string
  fromTask?: string[]
  atLeast?: number
  parallel: number
  budget?: number
  deadline?: number
  json?: boolean
}

const HELP = `
A case is a line of JSON: {"input": ..., "expected"?, "rules"?, "schema"?,
"id"?, "tags"?}. Its score is the mean of its checks: the share of the expected
values that are in the output, each rule ("{% $output... %}", which also knows
$input and $expected), the schema, and the workflow's own "evaluate".

A submission that is not answered, or with 429 or 5xx, is sent again, after the
time that Retry-After says; no case runs twice by it. A case that cannot be run
all the same is left out, and told at the end.

Exit codes: 0, also where scores are low; 1 below --at-least, or clearly worse
than --against; 3 also where a case could not be run; 2 as for every command.

Examples:
  npx orchestrator evaluate tickets --from-task t_01... t_02... > cases.jsonl
  npx orchestrator evaluate tickets --cases cases.jsonl --at-least 0.8
  npx orchestrator evaluate tickets --cases cases.jsonl --against 3
  npx orchestrator evaluate ./tickets.yaml --cases cases.jsonl \\
    --against tickets --parallel 8 --json`

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('Run a workflow on a data set and score it, side by side with another version')
    .argument('<workflow>', 'a workflow by name or name@version, or a file')
    .option('--cases <file>', 'the data set: JSON lines, a case each')
    .option(
      '--against <version>',
      'the same cases with another version: its number, name@version, a name, or a file',
    )
    .option('--from-task <taskId...>', 'print these tasks as cases, with their results as expected')
    .option('--at-least <score>', 'exit with 1 where the mean score is lower', numberOption('--at-least'))
    .option('--parallel <n>', 'tasks at once', wholeOption('--parallel', 1, 100), 4)
    .option('-b, --budget <usd>', 'the most that one task may cost', numberOption('--budget'))
    .option('-d, --deadline <time>', 'how long one task may take: 90s, 10m, 2h', parseDuration)
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(evaluate)
}

async function evaluate(given: string, options: Options): Promise<void> {
  const { cases: file, fromTask, against, atLeast, json = false } = options
  if (fromTask) return printCases(given, fromTask, file)
  if (file === undefined)
    throw new CliError(
      `--cases names the data set; make one of tasks with: npx orchestrator evaluate ${shellWord(given)} --from-task <taskId> > cases.jsonl`,
    )
  if (atLeast !== undefined && atLeast > 1)
    throw new CliError(`--at-least is a score from 0 to 1; this is ${atLeast}`)
  const cases = parseCases(await readTextFile(file), file)
  const runs = [await runOf(given), ...(against === undefined ? [] : [await runOf(otherOf(given, against))])]
  const { results, notRun } = await runCases(runs, cases, settingsFor(options, runs, cases))
  const summaries = runs.map(({ label }, at) => summaryOf(label, results[at] ?? []))
  const [own = [], other] = results
  const comparison = other && compare(own, other, runs[1]?.label ?? '')
  const { score = 0 } = summaries[0] ?? {}
  const isTooLow = atLeast !== undefined && score < atLeast
  if (isTooLow || comparison?.verdict === 'worse') process.exitCode = EXIT.taskFailed
  if (notRun.length > 0) process.exitCode = EXIT.unreachable
  if (json) return printJson({ summaries, comparison, cases: results, notRun })
  printEvaluation({ results, summaries, comparison })
  for (const line of notRunLines(notRun)) say(line, 4)
  if (isTooLow) say(`the mean score ${scoreText(score)} is below --at-least ${atLeast}`)
}

const MOST_TOLD = 20

function notRunLines(notRun: readonly NotRun[]): string[] {
  if (notRun.length === 0) return []
  const [cases, are] = notRun.length === 1 ? ['case', 'is'] : ['cases', 'are']
  const more = notRun.length - MOST_TOLD
  return [
    `${notRun.length} ${cases} could not be run, and ${are} in no score:`,
    ...notRun
      .slice(0, MOST_TOLD)
      .map(({ id, label, message }) => inOneLine(`  ${id} (${label}): ${message}`)),
    ...(more > 0 ? [`  ... and ${more} more`] : []),
  ]
}

async function printCases(given: string, ids: readonly string[], file: string | undefined): Promise<void> {
  if (file !== undefined)
    throw new CliError('give one of --cases, which runs them, and --from-task, which makes them')
  for (const line of await casesOfTasks(given, ids)) printJson(line, 0)
}

/** A version is that of the workflow, where it has a name. */
function otherOf(given: string, against: string): string {
  if (!/^\d+$/.test(against)) return against
  const [name = ''] = given.split('@')
  if (/^[a-z][a-z0-9_-]*$/.test(name)) return `${name}@${against}`
  throw new CliError(
    `--against ${against} is a version of a workflow by its name, and "${given}" is a file: write --against <name>@${against}`,
  )
}

/** Looks the workflow up, so that a wrong name is told before anything runs. */
async function runOf(given: string): Promise<Run> {
  const workflow = await wantedWorkflow(given)
  if (workflow !== given) return { workflow, label: given }
  const { name, version } = await callApi('getWorkflow', { name: given })
  return { workflow: `${name}@${version}`, label: `${name}@${version}` }
}

/** Progress goes to standard error, a line for each result. */
function settingsFor({ parallel, budget, deadline }: Options, runs: readonly Run[], cases: readonly Case[]) {
  const all = runs.length * cases.length
  const told = (run: Run, result: Result | NotRun, done: number): void => {
    const by = runs.length > 1 ? `  ${run.label}` : ''
    const [score, more] =
      'message' in result
        ? ['not run', inOneLine(result.message)]
        : [scoreText(result.evaluation.score), result.taskId ?? '']
    printError(`${done}/${all}  ${score}  ${visible(result.id)}${by}  ${more}`)
  }
  return {
    key: `evaluate-${randomUUID()}`,
    parallel,
    terms: { budgetUsd: budget, deadlineSeconds: deadline },
    report: told,
    reportWaiting: ({ id }: Case, taskId: string) =>
      printError(`case ${id} waits for a person: npx orchestrator status ${taskId}`),
  }
}
