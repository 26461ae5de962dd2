import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { terminalSvg } from './docs/terminal-svg.ts'

/**
 * `npm run docs:picture`: runs a task on the orchestrator at ORCHESTRATOR_URL (`npm start`) and draws the command line's coloured output
 * into docs/images/run.svg. Nothing is drawn by hand: to change the picture, change the program.
 */
const ROOT = join(import.meta.dirname, '..')
const CLI = join(ROOT, 'bin/orchestrator.mjs')

const shown: string[] = []

/** Runs a command; `as` is the command line to show. */
function run(args: readonly string[], as = args.join(' ')): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '1', COLUMNS: '110' },
  })
  if (status !== 0) throw new Error(`${as}: ${stdout}${stderr}`)
  shown.push(`\u001b[90m$\u001b[39m \u001b[1mnpx orchestrator ${as}\u001b[22m`, stdout.trimEnd(), '')
  return stdout
}

const submitted = spawnSync(
  process.execPath,
  [CLI, 'submit', 'data_report', '--file', 'source=./examples/data/seattle-weather.csv', '--wait', '--json'],
  { cwd: ROOT, encoding: 'utf8' },
)
const { taskId } = JSON.parse(submitted.stdout) as { taskId: string }
run(['plan', 'data_report'])
run(['status', taskId])
run(['explain', taskId, 'report'])

mkdirSync(join(ROOT, 'docs/images'), { recursive: true })
writeFileSync(join(ROOT, 'docs/images/run.svg'), terminalSvg(shown.join('\n'), 'A task on the command line'))
console.log('docs/images/run.svg')
