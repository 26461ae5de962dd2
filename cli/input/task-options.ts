import type { Command } from 'commander'
import { MOST_TOKENS, numberOption, pairOption, parseDuration, wholeOption } from './parse-options.ts'

/** What every command that submits a task can say about it. */
export type TaskOptions = {
  input?: string
  file: [string, string][]
  key?: string
  budget?: number
  tokens?: number
  deadline?: number
  priority?: number
}

/** Adds the options of a task; `told` describes those that mean something else for each command. */
export const withTaskOptions = (command: Command, told: { input: string; budget: string }): Command =>
  command
    .option('-i, --input <json>', told.input)
    .option(
      '-f, --file <name=path>',
      'upload a file or folder and name it in the input; may be repeated',
      pairOption('--file', 'name=path, e.g. source=./my.csv'),
      [],
    )
    .option('-k, --key <key>', 'idempotency key: the same key never starts a second task')
    .option('-b, --budget <usd>', told.budget, numberOption('--budget'))
    .option(
      '--tokens <count>',
      'the most tokens of language models that it may take',
      wholeOption('--tokens', 0, MOST_TOKENS),
    )
    .option('-d, --deadline <time>', 'how long it may take: 90s, 10m, 2h', parseDuration)
    .option('-p, --priority <0-9>', 'of those that wait 9 begins first', wholeOption('--priority', 0, 9))

/** These options as the fields of a submission, without its input. */
export const termsOf = ({ key, budget, tokens, deadline, priority }: TaskOptions) => ({
  idempotencyKey: key,
  budgetUsd: budget,
  budgetTokens: tokens,
  deadlineSeconds: deadline,
  priority,
})
