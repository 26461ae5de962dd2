import { duration } from '../show/duration.ts'
import { style } from '../show/output.ts'
import { printJson } from '../show/terminal.ts'
import type { ReloadEvent, VersionInService } from './reload-event.ts'

/** Prints a line for each reload and each problem; with `json` an object on a line of stdout. */
export function tellReload(
  event: ReloadEvent,
  { json, say }: { json: boolean; say(text: string): void },
): void {
  if (json) return printJson(event, 0)
  say(textOf(event))
}

/** `workflow simple: version 4 (was 3)` */
function versionText({ what, version, was }: VersionInService): string {
  const before = was === undefined ? '' : was === version ? ', as before' : ` (was ${was})`
  return `  ${what}: version ${version}${style('dim', before)}`
}

function textOf(event: ReloadEvent): string {
  if (event.event === 'unchanged')
    return `${style('green', 'back as it was')} ${style('dim', '(nothing to reload)')}`
  if (event.event === 'reloaded') {
    const line = `${style('green', 'reloaded')} ${event.changed.join(', ')} ${style('dim', `(${duration(event.milliseconds)})`)}`
    return [
      line,
      ...(event.versions ?? []).map(versionText),
      ...event.warnings.map((warning) => style('yellow', warning)),
    ].join('\n')
  }
  if (event.event === 'restart') return `${style('yellow', 'restart to apply')} ${event.reason}`
  const [first = '', ...others] = event.problems
  return [`${style('red', 'not reloaded')} ${first}`, ...others.map((line) => `  ${line}`)].join('\n')
}
