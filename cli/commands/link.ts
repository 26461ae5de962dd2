import { Command } from 'commander'
import type { LinkView, NewLinkView } from '../../shared/contracts/link-requests.ts'
import { METADATA_PATH } from '../../shared/contracts/resource-metadata.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { baseUrl, isLocalUrl } from '../identity/credentials.ts'
import { durationOption, parseTaskId } from '../input/parse-options.ts'
import { say, style } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { print, printError, printJson } from '../show/terminal.ts'
import { visible } from '../show/visible.ts'

type Options = {
  decision?: string
  result?: boolean
  expires?: number
  list?: boolean
  revoke?: string
  json?: boolean
}

export function linkCommand(): Command {
  return new Command('link')
    .description('Let a person without an account answer an approval, or read a result')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument('[stepId]', 'that waits for an answer')
    .option('-d, --decision <choice>', 'the only choice that the link offers; all of the step by default')
    .option('--result', 'of the result of the task, which it shows once')
    .option('--expires <time>', 'how long it is valid: 2h, 7d at most; a day by default', (text: string) =>
      withinWeek(text),
    )
    .option('--list', 'show the links of the task')
    .option('--revoke <linkId>', 'revoke a link that was not used')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator link t_01... sign_off --expires 2h\n  npx orchestrator link t_01... --result\n  npx orchestrator link t_01... --revoke l_01...',
    )
    .action(async (id: string, stepId: string | undefined, options: Options) => {
      const { list, revoke, json = false } = options
      if (list) return tellAll((await callApi('listLinks', { id })).links, json)
      if (revoke === undefined) return tellNew(await made(id, stepId, options), json)
      const link = await callApi('revokeLink', { id, linkId: revoke })
      if (json) return printJson(link)
      say(`${link.linkId} is revoked`)
    })
}

const MOST_SECONDS = 7 * 86_400

/** Seconds. Throws CliError beyond a week, in the words of the option. */
function withinWeek(text: string): number {
  const seconds = durationOption('--expires')(text)
  if (seconds <= MOST_SECONDS) return seconds
  throw new CliError(`--expires is 7d at most; this is "${text}"`)
}

async function made(
  id: string,
  stepId: string | undefined,
  { decision, result = false, expires: expiresInSeconds }: Options,
): Promise<NewLinkView> {
  if (result === (stepId !== undefined))
    throw new CliError('name the step that waits for an answer, or say --result; one of the two')
  const action = result ? 'result' : 'answer'
  return callApi('createLink', { id, action, stepId, decision, expiresInSeconds })
}

/** The address alone goes to stdout, so that a script can take it. */
async function tellNew(link: NewLinkView, json: boolean): Promise<void> {
  const base = await baseUrl()
  const isOpen = isLocalUrl(base) || (await isOpenDoor(base))
  const url = isOpen ? new URL(link.path, base).href : undefined
  if (json) return printJson({ ...link, url })
  const { linkId, expiresAt } = link
  printError(`${linkId}: whoever has it may use it once, until ${expiresAt}; it is shown this once`)
  if (!isOpen)
    printError(
      'it opens at the address for tokens and keys (TokenApiUrl), which this is not: put that before it',
    )
  print(style('bold', url ?? link.path))
}

/** Whether an address is that of the door for tokens and keys, where links open: it alone tells anybody who its issuers are. */
const isOpenDoor = (base: string): Promise<boolean> =>
  fetch(new URL(METADATA_PATH, base)).then(
    ({ ok }) => ok,
    () => false,
  )

function tellAll(links: readonly LinkView[], json: boolean): void {
  if (json) return printJson({ links })
  if (links.length === 0) return say('the task has no links')
  printTable(
    ['link', 'for', 'status', 'made by', 'expires', 'used'],
    links.map(({ linkId, action, stepId, decision, status, madeBy, expiresAt, usedAt = '' }) => [
      linkId,
      visible([action, stepId, decision].filter(Boolean).join(' ')),
      status,
      visible(madeBy),
      expiresAt.slice(0, 16),
      usedAt.slice(0, 16),
    ]),
  )
}
