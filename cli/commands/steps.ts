import { Command } from 'commander'
import { STEP_STATUSES } from '../../shared/domain/step.ts'
import { callPages } from '../api-client.ts'
import { choiceOption, parseTaskId, wholeOption } from '../input/parse-options.ts'
import { withoutUnmadeCalls } from '../show/conversation.ts'
import { say } from '../show/output.ts'
import { printJson } from '../show/terminal.ts'
import { stepLine } from '../show/watch-task.ts'

type Options = {
  status?: (typeof STEP_STATUSES)[number]
  under?: string
  outputs?: boolean
  limit: number
  json?: boolean
}

export function stepsCommand(): Command {
  return new Command('steps')
    .description('Show all steps of a task, with every round and item')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option(
      '-s, --status <status>',
      `only those: ${STEP_STATUSES.join(', ')}`,
      choiceOption('--status', STEP_STATUSES),
    )
    .option('-u, --under <stepId>', 'only the items of this fan-out, or rounds of this loop')
    .option('--outputs', 'with their outputs, as JSON lines')
    .option('-n, --limit <n>', 'how many', wholeOption('--limit', 1, 1_000_000), 1_000)
    .option('--json', 'print JSON lines, a step each')
    .action(async (id: string, { status, under, outputs = false, limit, json = false }: Options) => {
      let left = limit
      for await (const { steps } of callPages('listTaskSteps', { id, status, under, outputs })) {
        const shown = steps.slice(0, left)
        if (json || outputs) for (const step of shown) printJson(step)
        else for (const step of withoutUnmadeCalls(shown)) say(stepLine(step, 0), 4)
        left -= Math.min(left, steps.length)
        if (left === 0) break
      }
      if (left === limit && !json) say('no steps are like that')
    })
}
