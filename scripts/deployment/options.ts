import { AdoptionError, type Chosen } from './kept-resources.ts'

export type Options = {
  stage: string
  json: boolean
  /** Create new tables and buckets, even if an earlier installation has left some. */
  fresh: boolean
  /** Names of tables and buckets to adopt. */
  chosen: Chosen
  /** The folder of a synthesized assembly. */
  app: string | undefined
  /** Options that synthesis needs too: context, profile. */
  ofSynthesis: string[]
  /** Other options, passed to the CDK. */
  rest: string[]
}

/** Throws AdoptionError for an invalid `--adopt`. */
export function parseOptions(args: readonly string[]): Options {
  const [first] = args
  const named = first !== undefined && !first.startsWith('-')
  const chosen = new Map<string, string>()
  const options: Options = {
    stage: named ? first : 'default',
    json: false,
    fresh: false,
    chosen,
    app: undefined,
    ofSynthesis: [],
    rest: [],
  }
  const left = named ? args.slice(1) : [...args]
  for (let option = left.shift(); option !== undefined; option = left.shift()) {
    const [name = '', ...values] = option.split('=')
    const value = () => (values.length > 0 ? values.join('=') : (left.shift() ?? ''))
    if (name === '--json') options.json = true
    else if (name === '--fresh') options.fresh = true
    else if (name === '--adopt') chosen.set(...parseAdopted(value()))
    else if (name === '--app' || name === '-a') options.app = value()
    else if (name === '--context' || name === '-c') options.ofSynthesis.push('--context', value())
    else if (name === '--profile') options.ofSynthesis.push('--profile', value())
    else options.rest.push(option)
  }
  return options
}

function parseAdopted(text: string): [string, string] {
  const [, what, name] = /^(\w+)=(.+)$/.exec(text) ?? []
  if (what !== undefined && name !== undefined) return [what.toLowerCase(), name]
  throw new AdoptionError(
    `--adopt ${text}: say what, and the name that it has: --adopt tasks=orchestrator-tasks-restored`,
  )
}
