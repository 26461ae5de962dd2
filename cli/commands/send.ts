import { Command } from 'commander'
import type { MessageView } from '../../shared/contracts/message-views.ts'
import { MESSAGE_TYPES } from '../../shared/domain/message.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { choiceOption, parseTaskId } from '../input/parse-options.ts'
import { readJsonOption } from '../input/read-json-option.ts'
import { say } from '../show/output.ts'
import { printJson } from '../show/terminal.ts'

type Options = {
  to?: string
  topic?: string
  type?: (typeof MESSAGE_TYPES)[number]
  body?: string
  correlationId?: string
  key?: string
  json?: boolean
}

export function sendCommand(): Command {
  return new Command('send')
    .description('Send a message to a step of a running task; it is kept for one that does not wait yet')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('-t, --to <step>', 'the step that waits for it; in a loop its path, e.g. talk[2].hear')
    .option('--topic <topic>', 'in place of --to: every step that waits for a message of this topic')
    .option(
      '--type <type>',
      'what kind of message it is; event by default',
      choiceOption('--type', MESSAGE_TYPES),
    )
    .option('-b, --body <json>', 'what it says, as JSON, or @<file>')
    .option('--correlation-id <id>', 'the exchange that it belongs to')
    .option('--key <key>', 'an idempotency key: sent again, it is the same message')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator send t_01... --to approved --body \'{"by":"ada"}\'\n  npx orchestrator send t_01... --topic severity.changed --body \'{"level":1}\'',
    )
    .action(async (id: string, { to, topic, type, body, correlationId, key, json = false }: Options) => {
      if ((to === undefined) === (topic === undefined))
        throw new CliError('say who gets it: one of --to <step> and --topic <topic>')
      const { messages } = await callApi('postMessage', {
        ...{ id, to, topic, type, correlationId, idempotencyKey: key },
        ...(body === undefined ? {} : { body: await readJsonOption(body, '--body') }),
      })
      if (json) return printJson({ messages })
      for (const message of messages) say(`${message.id}  ${message.to}  ${statusOf(message)}`)
    })
}

const statusOf = ({ status, by }: MessageView): string =>
  status === 'kept' ? 'kept until it waits' : by === undefined ? status : `${status} by ${by}`
