import { spawn } from 'node:child_process'

/** `npm run check`: format, lint, types, dependency rule, unused code, links, advisories; run in parallel, each reported as it ends. */
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
    'bench',
    'scripts',
    'test',
  ],
  'unused code': ['knip'],
  links: ['node', 'scripts/links.ts'],
  advisories: ['node', 'scripts/advisories.ts'],
}
/** Checks whose output is shown even if they pass: accepted findings, and what could not be checked. */
const TALKATIVE = new Set(['advisories'])
/** Guards against a misconfigured dependency rule, which would pass by reading no modules. */
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
