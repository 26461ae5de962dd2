import { Command } from 'commander'
import { TYPES_OF_TASKS } from '../../shared/domain/event.ts'
import { callPages } from '../api-client.ts'
import { choiceOption, parseTaskId } from '../input/parse-options.ts'
import { say } from '../show/output.ts'
import { printJson } from '../show/terminal.ts'

type Options = { type?: (typeof TYPES_OF_TASKS)[number]; step?: string; json?: boolean }

export function eventsCommand(): Command {
  return new Command('events')
    .description('Show what happened to a task, in order')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option(
      '-t, --type <type>',
      'only of this type, e.g. step.failed',
      choiceOption('--type', TYPES_OF_TASKS),
    )
    .option('-s, --step <stepId>', 'only of this step')
    .option('--json', 'print JSON lines, an event each')
    .action(async (id: string, { type, step, json = false }: Options) => {
      for await (const { events } of callPages('listTaskEvents', { id, type, step })) {
        for (const event of events) {
          const {
            path = '',
            agentId = '',
            reason = '',
            error,
          } = event.data as Record<string, string | undefined> & {
            error?: { name: string; message: string }
          }
          const facts = [
            event.time,
            event.type,
            path,
            agentId,
            reason,
            error ? `${error.name}: ${error.message}` : '',
          ]
          if (json) printJson(event)
          else say(facts.filter(Boolean).join('  '), 4)
        }
      }
    })
}
