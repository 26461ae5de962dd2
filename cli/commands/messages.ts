import { Command } from 'commander'
import type { MessageView } from '../../shared/contracts/message-views.ts'
import { boundedText } from '../../shared/domain/bounded.ts'
import { MESSAGE_STATUSES, type MessageStatus } from '../../shared/domain/message.ts'
import { callPages } from '../api-client.ts'
import { choiceOption, parseTaskId } from '../input/parse-options.ts'
import { say } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { printJson } from '../show/terminal.ts'

type Options = { to?: string; from?: string; status?: MessageStatus; json?: boolean }

/** Characters of a body in the table. */
const MOST_BODY = 80

export function messagesCommand(): Command {
  return new Command('messages')
    .description('Show the messages of a task, in the order of their times')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('--to <recipient>', 'only those to this one: step:<id> or agent:<id>')
    .option('--from <sender>', 'only those from this one: step:<id>, agent:<id> or caller:<name>')
    .option('--status <status>', 'only those with this status', choiceOption('--status', MESSAGE_STATUSES))
    .option('--json', 'print JSON lines, a message each')
    .action(async (id: string, { to, from, status, json = false }: Options) => {
      const messages: MessageView[] = []
      for await (const page of callPages('listMessages', { id, to, from, status }))
        messages.push(...page.messages)
      messages.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.sequence - b.sequence))
      if (json) for (const message of messages) printJson(message)
      else if (messages.length === 0) say('no messages')
      else printTable(['sent', 'from', 'to', 'type', 'status', 'body'], messages.map(rowOf))
    })
}

const rowOf = ({ at, from, to, type, topic, status, by, body }: MessageView): string[] => [
  at.slice(0, 23).replace('T', ' '),
  from,
  to,
  topic === undefined ? type : `${type} (${topic})`,
  by === undefined ? status : `${status} by ${by}`,
  boundedText(JSON.stringify(body), MOST_BODY),
]
