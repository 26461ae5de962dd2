import { spawn } from 'node:child_process'

/** `npm run check`: format, lint, types, dependency rule, unused code, links of pages, advisories; all at once, each told when it is done. */
const CHECKS: Readonly<Record<string, string[]>> = {
  'format and lint': ['biome', 'check', '.', '--error-on-warnings'],
  types: ['tsc'],
  'dependency rule': [
    'depcruise',
    '--config',
    '.dependency-cruiser.mjs',
    '--output-type',
    'err-long',
    'shared',
    'functions',
    'infra',
    'local',
    'cli',
    'examples',
    'testing',
  ],
  'unused code': ['knip'],
  links: ['node', 'scripts/links.ts'],
  advisories: ['node', 'scripts/advisories.ts'],
}
/** What these print is to be read when they pass too: what was accepted, and what could not be asked. */
const TALKATIVE = new Set(['advisories'])
/** A parser that reads nothing finds nothing: the dependency rule must have seen the house. */
const LEAST_MODULES = 150

const outcomes = await Promise.all(Object.entries(CHECKS).map(([name, command]) => run(name, command)))
process.exitCode = outcomes.every(Boolean) ? 0 : 1

async function run(name: string, [command = '', ...args]: string[]): Promise<boolean> {
  const started = performance.now()
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  const code = await new Promise((resolve) => child.on('close', resolve).on('error', resolve))
  const seen = Number(/\((\d+) modules/.exec(printed)?.[1] ?? LEAST_MODULES)
  const passed = code === 0 && seen >= LEAST_MODULES
  if (seen < LEAST_MODULES)
    printed += `only ${seen} modules were looked at; at least ${LEAST_MODULES} are there`
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  console.log(
    `${passed ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)${passed && !TALKATIVE.has(name) ? '' : `\n${printed.trim()}`}`,
  )
  return passed
}
