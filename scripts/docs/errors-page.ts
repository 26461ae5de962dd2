import { ERRORS } from '../../shared/domain/error-table.ts'
import { ERROR_TEXTS, FOREIGN_ERRORS } from '../../shared/domain/error-texts.ts'
import { ISSUE_CODES } from '../../shared/domain/issue-codes.ts'
import { code, generated, page, table } from './table.ts'

type Entry = {
  status?: number
  retryable: boolean
  seen: 'request' | 'task' | 'both'
  when: string
  whatToDo: string
}

const SEEN = {
  request: 'the answer to a request',
  task: 'the record of a task and its steps',
  both: 'the answer to a request, and the record of a task',
} as const

const OWN: Readonly<Record<string, Entry & { status: number }>> = Object.fromEntries(
  Object.entries(ERROR_TEXTS).map(([name, text]) => [
    name,
    { ...text, ...ERRORS[name as keyof typeof ERRORS] },
  ]),
)

/** The text of docs/errors.md: every error name that a client may get, with an anchor. */
export function errorsPage(): string {
  return page(
    '# Errors',
    generated('shared/domain/error-texts.ts and issue-codes.ts'),
    'Every name of an error that the API answers, that the record of a step or a task keeps, or that a state machine ends with. A name never changes its meaning. A problem document (RFC 9457) has it in `type`: `urn:orchestrator:<name>`. From status 500 on a request is told no more than its `requestId`; the log has the rest.',
    '*May pass* means that the same may succeed later without a change.',
    overview(),
    '## Names of the orchestrator',
    ...entries(OWN),
    '## Names of AWS, as they come',
    'Steps keep the names that Lambda and Step Functions give. `*` stands for the other names of a service.',
    ...entries(FOREIGN_ERRORS),
    '## Codes of issues',
    'An error about input has a list of issues, `{code, path, message}`: all that is wrong, with its place. The message is for people, the code for programs.',
    table(
      ['code', 'means'],
      Object.entries(ISSUE_CODES).map(([name, means]) => [code(name), means]),
    ),
  )
}

function overview(): string {
  const rows = Object.entries(OWN).map(([name, { status, retryable, seen }]) => [
    `[${name}](#${name.toLowerCase()})`,
    seen === 'task' ? '' : String(status),
    retryable ? 'yes' : 'no',
    seen === 'both' ? 'request, task' : seen,
  ])
  return table(['name', 'HTTP status', 'may pass', 'seen in'], rows)
}

const entries = (all: Readonly<Record<string, Entry>>): string[] =>
  Object.entries(all).map(([name, { status, retryable, seen, when, whatToDo }]) => {
    const answered = status !== undefined && seen !== 'task' ? `HTTP ${status}. ` : ''
    return `### ${name}\n\n${when}\n\n**What to do:** ${whatToDo}\n\n${answered}Seen in ${SEEN[seen]}. ${
      retryable ? 'It may pass.' : 'It does not pass by itself.'
    }`
  })
