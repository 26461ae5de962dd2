/**
 * The pages behind a link: what is asked, with a button for each choice, or the result; and what has become of it.
 *
 * Invariants (tests cite them):
 * link-page/H1 no text of a task or a person is markup: all of it is escaped, and the page may run no script and load nothing, whatever is in it
 * link-page/H2 the address of a page goes nowhere else, and no other page can show one in a frame
 * link-page/H3 the form goes to the address at which the page was opened, whatever is before its path: a proxy or a domain of one's own may add a part
 */
import { createHash } from 'node:crypto'
import type { OfferedByLink } from '../../shared/app/links/open-link.ts'
import type { Json } from '../../shared/domain/json.ts'

const STYLE =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}pre,textarea{white-space:pre-wrap;overflow-wrap:anywhere;width:100%;box-sizing:border-box;font:.9rem/1.4 ui-monospace,monospace}pre{background:#f4f4f4;padding:.8rem}button{font:inherit;padding:.5rem 1.2rem;margin:.5rem .5rem 0 0}small{color:#555;overflow-wrap:anywhere}'
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/**
 * `same-origin` keeps the address from other sites as `no-referrer` does, which would make browsers send the form with `Origin: null`, and that is no page of ours
 * (foreign/D2).
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** A page that asks. `action` is where the form is sent to, beside the page (link-page/H3), and `secret` goes with it. */
export function askingPage(
  offered: OfferedByLink,
  { action, secret }: { action: string; secret: string },
): string {
  const { prompt, value, editable, choices = [], digest, taskId, stepId, madeBy, expiresAt } = offered
  const isResult = offered.action === 'result'
  const shown = isResult
    ? 'Somebody shares the result of a task with you. It can be shown once.'
    : (prompt ?? '')
  const buttons = isResult
    ? '<button>Show the result</button>'
    : choices
        .map((one) => `<button name="decision" value="${escaped(one)}">${escaped(one)}</button>`)
        .join('')
  return page(isResult ? 'A result' : 'Your decision', [
    `<pre>${escaped(shown)}</pre>`,
    value === undefined || editable ? '' : `<pre>${escaped(jsonText(value))}</pre>`,
    `<form method="post" action="${escaped(action)}"><input type="hidden" name="secret" value="${escaped(secret)}">`,
    // A browser leaves out a newline that a textarea begins with.
    editable && value !== undefined
      ? `<p><label>What is decided on, as JSON; it may be changed<textarea name="value" rows="12">\n${escaped(jsonText(value))}</textarea></label></p>`
      : '',
    isResult
      ? ''
      : '<p><label>Comment<textarea name="comment" rows="2" maxlength="4000"></textarea></label></p>',
    `${buttons}</form>`,
    `<p><small>Task ${escaped(taskId)}${stepId === undefined ? '' : `, step ${escaped(stepId)}`}. From ${escaped(madeBy)}${stepId === undefined ? '' : ', for whom you answer'}. Until ${escaped(expiresAt)}.${digest === undefined ? '' : ` Digest of the question: ${escaped(digest)}`}</small></p>`,
  ])
}

/** A page that tells what was done, or why nothing was. `again`: the secret of the page to go back to, beside this one (link-page/H3). */
export const tellingPage = (title: string, text: string, again?: string): string =>
  page(title, [
    `<pre>${escaped(text)}</pre>`,
    again === undefined
      ? ''
      : `<p><a href="?secret=${escaped(encodeURIComponent(again))}">Back to the question</a></p>`,
  ])

export const jsonText = (value: Json): string =>
  typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value, null, 2)

const page = (title: string, parts: readonly string[]): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head><body><h1>${escaped(title)}</h1>${parts.join('')}</body></html>`

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for a place between tags or within quotation marks (link-page/H1). */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => ENTITIES[one] ?? '')
