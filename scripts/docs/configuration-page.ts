import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StageSchema } from '../../infra/stage.ts'
import { AgentsElsewhereSchema } from '../../infra/stage-elsewhere.ts'
import { EnvironmentSchema } from '../../shared/contracts/environment.ts'
import { IssuerSchema } from '../../shared/domain/identity-settings.ts'
import { ModelSettingsSchema } from '../../shared/domain/model-settings.ts'
import { PriceTableSchema } from '../../shared/domain/price-table.ts'
import { fieldTable } from './field-rows.ts'
import { code, generated, page, table } from './table.ts'

/** Environment variables for users. */
const VARIABLES: Readonly<Record<string, string>> = {
  ORCHESTRATOR_URL:
    'The API that the CLI calls; `http://localhost:8000` where it is not set. Requests to `*.execute-api.*` are signed with the AWS credentials of the environment.',
  ORCHESTRATOR_KEY: 'An API key that the CLI shows. Only to https, and to this machine.',
  ORCHESTRATOR_TOKEN: 'An access token that it shows instead.',
  ORCHESTRATOR_PROFILE:
    'The profile of the CLI (`--profile`): an address and the credentials for it ([sign in](../how-to/sign-in.md#the-command-line)).',
  ORCHESTRATOR_REGION:
    'The region by which requests are signed with AWS credentials behind a domain of your own; with it they are signed.',
  XDG_CONFIG_HOME:
    'Where the CLI keeps profiles, in `orchestrator/profiles.json`; `~/.config` by default, on Windows `%APPDATA%`.',
  ORCHESTRATOR_MODEL_URL:
    'Where `npm start` and `orchestrator dev` look for a language model (an OpenAI-compatible server, such as `http://localhost:8000/v1`); by default Ollama and llama.cpp at their usual ports of this machine. The models of Bedrock that a stage configures are answered by the same server then.',
  ORCHESTRATOR_MODEL_SCRIPT:
    'A file of answers that the local cloud plays for models of Bedrock ([its form](../how-to/use-models.md#models-of-bedrock-on-a-laptop)).',
  ORCHESTRATOR_MODEL: "The id of the model that they take there; the server's first by default.",
  'ORCHESTRATOR_SECRET_<NAME>':
    'The text of a secret on this machine, for an agent that [needs](../how-to/use-secrets.md#on-a-laptop) `<NAME>`, or a model with `secret: <name>`: the name in capitals, with `_` for all but letters and digits. `.orchestrator/secrets.json` wins.',
  AWS_REGION: 'The region of a signature, and of a deployment whose stage names none.',
  AWS_PROFILE: 'The profile of a deployment; `npm run deploy -- --profile <name>` sets it.',
  AWS_ENDPOINT_URL:
    'The endpoint that SDKs and the AWS CLI call: set it to that of the local cloud, which `npm start` prints.',
  COLUMNS: 'How wide lines are, where no terminal says it.',
  NO_COLOR: 'No colours.',
}
/** Variables that the project or AWS sets for its own processes, not users. */
const INNER = [
  'ALLOWED_HOSTS',
  'APPDATA',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_XRAY_DAEMON_ADDRESS',
  'CDK_OUTDIR',
  'EMAIL',
  'NODE_DISABLE_COMPILE_CACHE',
  'ORCHESTRATOR_AUTH',
  'ORCHESTRATOR_BUNDLE_CACHE',
  'ORCHESTRATOR_LEAVE_OUT',
  'ORCHESTRATOR_RULE_PACKS',
  'ORCHESTRATOR_SANDBOX',
  'ORCHESTRATOR_SOURCE_MAPS',
  'PATH',
  '_X_AMZN_TRACE_ID',
]

/** The text of docs/reference/configuration.md. Throws if the source reads a variable that is not described here. */
export function configurationPage(root: string): string {
  const unknown = variablesRead(root).filter((name) => !(name in VARIABLES) && !INNER.includes(name))
  if (unknown.length > 0)
    throw new Error(`describe ${unknown.join(', ')} in scripts/docs/configuration-page.ts`)
  return page(
    '# Configuration',
    generated('infra/stage-fields.ts and shared/contracts/environment.ts'),
    '## The stage file',
    'A stage is one installation: `stages/<name>.yaml`. Every field may be left out. A single value may be said for one time: `npm run deploy -- <name> --context logRetentionDays=90`. What is wrong in the file is told with line and column, and what would be right.',
    fieldTable(StageSchema.shape),
    '### Identity',
    'The members of `identity.issuers`, at most 10: who vouches for callers by tokens (OIDC). `identity.keys` says whether API keys open. [How to sign in](../how-to/sign-in.md). On the command line they are JSON: `--context identity=\'{"keys": true}\'`.',
    fieldTable(IssuerSchema.shape),
    '### Agents elsewhere',
    'The members of `agentsElsewhere`. `agents` may also stand in a file of their own, `stages/<name>.agents.yaml`, under `agents:`. [How to write and register some](../how-to/agents-elsewhere.md).',
    fieldTable(AgentsElsewhereSchema.shape),
    '### Models',
    'The members of `models`, at most 16, each by the name that agents need it by (`needs.models`): a-z, 0-9 and dashes. How to choose and try them: [use models](../how-to/use-models.md). On the command line they are JSON: `--context models=\'{"default": {...}}\'`.',
    fieldTable(ModelSettingsSchema.shape),
    '### Prices',
    'The members of `prices`; each replaces one of shared/estimator/prices.ts. US dollars for one unit, and for a million tokens of a model.',
    fieldTable(PriceTableSchema.partial().shape),
    '## Variables of the environment',
    table(
      ['variable', 'what it says'],
      Object.entries(VARIABLES).map(([name, says]) => [code(name), says]),
    ),
    '## Variables of the functions',
    'A deployment sets them; they are listed for readers of a console. `functions/deps/` parses them, and a function with a wrong one fails at its start with ConfigError.',
    fieldTable(EnvironmentSchema.shape),
  )
}

function variablesRead(root: string): string[] {
  const found = ['bin', 'cli', 'local', 'functions', 'infra', 'scripts'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs)$/.test(file))
      .flatMap((file) => [
        ...readFileSync(join(root, room, file), 'utf8').matchAll(/process\.env\.([A-Z_]+)/g),
      ])
      .flatMap(([, name]) => name ?? []),
  )
  return [...new Set(found)]
}
