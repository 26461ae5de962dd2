import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Marked, type Token, type Tokens } from 'marked'

/**
 * A page with blocks that run as a reader would run them. The word after the fence is the kind: `sh` runs, `sh by-hand` is left
 * to the reader, `text` is the output of the `sh` block before it, and `yaml <path>` or `ts <path>` is a file.
 */
export type TutorialPage = {
  files: { path: string; text: string }[]
  runs: { script: string; expected: string[] }[]
}

export function readTutorial(file: string): TutorialPage {
  const page: TutorialPage = { files: [], runs: [] }
  const marked = new Marked()
  marked.walkTokens(marked.lexer(readFileSync(file, 'utf8')), (token: Token) => {
    if (token.type !== 'code') return
    const { lang = '', text } = token as Tokens.Code
    const [language = '', ...rest] = lang.split(' ')
    if (language === 'sh') {
      if (rest[0] !== 'by-hand') page.runs.push({ script: text, expected: [] })
    } else if (language === 'text') {
      const lines = text.split('\n').filter((line) => line.trim() !== '' && line.trim() !== '...')
      page.runs.at(-1)?.expected.push(...lines)
    } else if (rest[0] === undefined) {
      throw new Error(`${file}: a block of ${language || 'nothing'} says neither its file nor that it is run`)
    } else page.files.push({ path: rest[0], text: `${text}\n` })
  })
  return page
}

export function writeFiles({ files }: TutorialPage, folder: string): void {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

const MARK = '::: block'

/** Runs the blocks of a page in one shell, which the signal ends, and returns the output of each. Rejects when a command fails unexpectedly. */
export async function runBlocks(
  { runs }: TutorialPage,
  { folder, env, signal }: { folder: string; env: Record<string, string>; signal: AbortSignal },
): Promise<string[]> {
  const script = [
    'set -e',
    // The folder's own command, without npm's lookup at each call.
    'npx() { shift; "$NODE" "$CLI" "$@"; }',
    ...runs.map((run) => `echo '${MARK}'\n${run.script}`),
  ].join('\n')
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', COLUMNS: '110', NODE: process.execPath, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A block that waits in a loop would go on for ever after a test that has timed out.
    signal,
  })
  child.on('error', () => {})
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`exit code ${String(code)} after:\n${printed}`)
  return printed.split(`${MARK}\n`).slice(1)
}

/** Lines of `expected` that `printed` lacks in that order; `...` matches anything. */
export function missingLines(printed: string, expected: readonly string[]): string[] {
  const lines = printed.split('\n')
  let at = 0
  return expected.filter((line) => {
    const pattern = new RegExp(`^${line.trim().split('...').map(RegExp.escape).join('.*')}$`)
    const found = lines.findIndex((one, index) => index >= at && pattern.test(one.trim()))
    if (found >= 0) at = found + 1
    return found < 0
  })
}
