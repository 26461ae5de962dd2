import { Command } from 'commander'
import { parse, YAMLParseError } from 'yaml'
import type { InputOf } from '../../shared/client/index.ts'
import { isJsonObject } from '../../shared/domain/json.ts'
import { callApi } from '../api-client.ts'
import { about, CliError } from '../cli-error.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { say } from '../show/output.ts'
import { printJson } from '../show/terminal.ts'

type Options = { url?: string; lambda?: string; secret?: string; json?: boolean }

export const addCommand = (): Command =>
  new Command('add')
    .description('Register an agent that runs elsewhere: a server, or a Lambda function of any runtime')
    .argument(
      '<file>',
      'its declaration, YAML or JSON: id, version, description, capabilities, limits, price',
    )
    .option('--url <address>', 'of a server that answers calls')
    .option('--lambda <arn>', 'of a function that does')
    .option('--secret <name>', 'the secret of the stage that calls of the server are signed with')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator agents add agent.json --url https://agents.example.com/pricing --secret PRICING\n  npx orchestrator agents add agent.yaml --lambda arn:aws:lambda:eu-central-1:123456789012:function:agents-pricing',
    )
    .action(async (file: string, options: Options) => {
      const declared = await readDeclaration(file)
      const place = placeOf(options)
      // The API checks it, and tells every issue.
      const agent = { ...declared, ...place } as InputOf<'registerAgent'>
      const registered = await about(file, callApi('registerAgent', agent))
      if (options.json) return printJson(registered)
      const { id, version, capabilities } = registered
      say(
        `${id} ${version} is registered for ${capabilities.map(({ name }) => name).join(', ')}; see how it does: npx orchestrator agents ${id}`,
      )
    })

/** An object of a YAML or JSON file. Throws CliError with the place of a syntax error. */
async function readDeclaration(file: string): Promise<object> {
  const text = await readTextFile(file)
  try {
    const read: unknown = parse(text, { maxAliasCount: 100 })
    if (isJsonObject(read)) return read
  } catch (error) {
    const [at] = error instanceof YAMLParseError ? (error.linePos ?? []) : []
    const where = at ? `:${at.line}:${at.col}` : ''
    throw new CliError(`${file}${where} is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`)
  }
  throw new CliError(`${file} is no declaration of an agent: it has fields such as id, version, capabilities`)
}

/** What the options say of where the agent is; nothing where the file says it. */
function placeOf({ url, lambda, secret }: Options): object {
  if (url !== undefined && lambda !== undefined)
    throw new CliError('--url and --lambda: an agent is at one place; give one of them')
  if (lambda !== undefined && secret !== undefined)
    throw new CliError('--secret: calls of a server are signed; who may invoke a function says its policy')
  const signed = secret === undefined ? {} : { secret }
  if (lambda !== undefined) return { kind: 'lambda', arn: lambda }
  return url === undefined ? signed : { kind: 'http', url, ...signed }
}
