import { existsSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { plannerPrompt } from '../../shared/planner/planner-prompt.ts'
import { apartOf } from './apart.ts'
import { type Case, readCases } from './cases.ts'
import { type Figures, measure } from './measure.ts'
import { ORACLES } from './oracles.ts'
import { promptSizes } from './prompt-size.ts'
import { TOKENIZER } from './run-case.ts'

const HELP = `Usage: npm run bench:planner -- --cases FILE --catalogues FILE [--json OUT] [--oracles a,b]

The planner on goals with known and with recorded plans, by scripted models (bench/planner/cases.ts says how the plans are translated):
gold answers the known plan, noisy the known plan with faults and mends what it is told, recorded what a model once answered, refusing
refuses, inventing calls what does not exist. Fails where a bar is missed. There is no --model yet: no adapter can be measured.`

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    catalogues: { type: 'string' },
    json: { type: 'string' },
    oracles: { type: 'string' },
    help: { type: 'boolean' },
  },
})
const { cases: casesFile, catalogues: cataloguesFile } = values
const missing = [casesFile, cataloguesFile].filter((file) => file !== undefined && !existsSync(file))
if (values.help || !casesFile || !cataloguesFile || missing.length > 0) {
  for (const file of missing) console.error(`SKIPPED, nothing was measured: there is no file ${file}`)
  console.log(HELP)
  process.exit(values.help ? 0 : 2)
}
const cases = readCases(casesFile, cataloguesFile)
const invented = inventedIn(cases)
const wanted = values.oracles?.split(',') ?? ORACLES
const oracles: Figures[] = []
for (const oracle of ORACLES.filter((one) => wanted.includes(one))) {
  const figures = await measure(oracle, cases, invented, apartOf)
  oracles.push(figures)
  console.log(lineOf(figures))
}
const prompts = await promptSizes(cases)
for (const { capabilities, number, tokens } of prompts)
  console.log(`prompt with ${number} capabilities (${capabilities}): ${tokens} tokens (${TOKENIZER})`)
const recall = shortlistRecall(cases)
console.log(
  `shortlist: ${percent(recall)} of the tools of known plans are among the 40 of ${cases.find(({ source }) => source === 'ultratool')?.catalogue.capabilities.length ?? 0} that the prompt lists`,
)
if (values.json)
  writeFileSync(
    values.json,
    `${JSON.stringify({ cases: cases.length, oracles, prompts, tokenizer: TOKENIZER, shortlistRecall: recall }, null, 2)}\n`,
  )
const missed = [
  ...oracles.flatMap(missedBy),
  ...prompts
    .filter(({ tokens }) => tokens > 2_500)
    .map(({ capabilities }) => `prompt, ${capabilities}: more than 2,500 tokens`),
]
for (const bar of missed) console.error(`MISSED ${bar}`)
if (missed.length > 0) process.exitCode = 1

/** What each oracle must show. */
function missedBy({
  oracle,
  cases: number,
  validAfterRepair,
  validWithoutSecondCall,
  nodeF1,
  edgeF1,
  refused,
  hung,
  beyondCaps,
  apart,
}: Figures): string[] {
  const bars: [string, boolean][] = [
    ['0 hung', hung === 0],
    ['caps never passed', beyondCaps === 0],
    ['what cannot be valid is refused', apart.planned === 0],
  ]
  if (oracle === 'gold')
    bars.push(['100 % valid', validAfterRepair === 1], ['F1 = 1', nodeF1 === 1 && edgeF1 === 1])
  if (oracle === 'noisy') bars.push(['>= 99 % valid in two rounds', validAfterRepair >= 0.99])
  if (oracle === 'recorded')
    bars.push(['>= 77 % valid without a second call', validWithoutSecondCall >= 0.77])
  if (oracle === 'refusing' || oracle === 'inventing') bars.push(['none is planned', refused === number])
  return bars.filter(([, isMet]) => !isMet).map(([bar]) => `${oracle}: ${bar}`)
}

function lineOf({ oracle, cases: number, ...figures }: Figures): string {
  const {
    validFirst,
    validAfterRepair,
    validWithoutSecondCall,
    validWithoutGuess,
    nodeF1,
    edgeF1,
    calls,
    promptTokens,
  } = figures
  const { refused, hung, beyondCaps, guessed, apart, reasons } = figures
  const f1 =
    nodeF1 === null || edgeF1 === null
      ? ''
      : `F1 of steps ${nodeF1.toFixed(4)} and links ${edgeF1.toFixed(4)}, `
  return [
    `${oracle}: ${number} cases, valid as given ${percent(validFirst)}, without a second call ${percent(validWithoutSecondCall)} (without a guess ${percent(validWithoutGuess)}), in the end ${percent(validAfterRepair)}, ${f1}calls ${spread(calls)}, prompt tokens ${spread(promptTokens)}, ${refused} refused, ${hung} hung, ${beyondCaps} beyond a cap, ${guessed} with a guess`,
    ...(apart.cyclic + apart.unfit > 0
      ? [
          `  apart: ${apart.cyclic} cyclic, ${apart.unfit} with arguments that their own tool refuses; ${apart.planned} of them planned`,
        ]
      : []),
    ...Object.entries(reasons).map(([why, count]) => `  ${count} refused: ${why}`),
  ].join('\n')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function spread({ median, p90, max }: Figures['calls']): string {
  return `${median} / ${p90} / ${max}`
}

/** Names that models have made up, for the faults of the noisy oracle. */
function inventedIn(all: readonly Case[]): string[] {
  const names = all.flatMap(({ kind, plan, catalogue, nameOf }) =>
    kind === 'recorded' ? (plan?.steps ?? []).filter((tool) => !catalogue.find(nameOf(tool))) : [],
  )
  return [...new Set(names)].sort()
}

/** The share of wanted tools that the prompt lists, where the catalogue is larger than the list. */
function shortlistRecall(all: readonly Case[]): number {
  const large = all.filter(({ kind, catalogue }) => kind === 'gold' && catalogue.capabilities.length > 40)
  const each = large.flatMap(({ goal, catalogue, plan, nameOf }) => {
    const { listed } = plannerPrompt({ text: goal }, catalogue.capabilities)
    return (plan?.steps ?? []).map((tool): number => (listed.includes(nameOf(tool)) ? 1 : 0))
  })
  return each.reduce((sum, one) => sum + one, 0) / Math.max(1, each.length)
}
