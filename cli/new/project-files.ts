import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { PACKAGE_ROOT } from '../dev/find-project.ts'
import { agentFiles, inProject } from './agent-files.ts'
import type { NewFiles } from './new-files.ts'
import { besideIt, SCHEMAS_OF_PACKAGE, workflowFiles } from './workflow-files.ts'

/** A user's project: one agent, one workflow, a test of each, a stage, the CDK app. `spec` is npm's specifier for this package. */
export function projectFiles(name: string, spec: string): NewFiles {
  return {
    'package.json': json(manifestOf(name, spec)),
    'tsconfig.json': json(TSCONFIG),
    'cdk.json': json({ app: 'node infra/app.ts' }),
    'infra/app.ts': APP,
    'stages/default.yaml': stageFile(),
    ...agentFiles('greeter', inProject('greeter')),
    ...workflowFiles('greeting', 'greeter.greet', besideIt('greeting')),
    '.gitignore': 'node_modules/\ncdk.out/\n.orchestrator/\n',
    'README.md': readmeOf(name),
  }
}

/** The checkout's stage, with the commands of a project. */
function stageFile(): string {
  const text = readFileSync(join(PACKAGE_ROOT, 'stages/default.yaml'), 'utf8')
  return text
    .replace('$schema=../schemas', `$schema=${SCHEMAS_OF_PACKAGE}`)
    .replace('npm run deploy -- <name>', 'npm run deploy -- --context stage=<name>')
    .replace('; npm run deploy tells it', '')
    .replace('those of shared/estimator/prices.ts', 'the built-in ones')
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`

function manifestOf(name: string, spec: string): object {
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=20' },
    scripts: {
      dev: 'orchestrator dev',
      test: 'vitest run',
      check: 'tsc',
      synth: 'cdk synth --quiet',
      diff: 'cdk diff',
      deploy: 'cdk deploy --all',
    },
    dependencies: { orchestrator: spec, zod: versionOf('zod') },
    allowScripts: packageJson.allowScripts,
    devDependencies: Object.fromEntries(TOOLS.map((tool) => [tool, versionOf(tool)])),
  }
}

const TOOLS = ['@types/node', 'aws-cdk', 'aws-cdk-lib', 'constructs', 'typescript', 'vitest']

/** The version that this package is tested with. */
function versionOf(name: string): string {
  const known: Readonly<Record<string, string>> = {
    ...packageJson.dependencies,
    ...packageJson.devDependencies,
  }
  const version = known[name]
  if (version === undefined) throw new Error(`package.json says no version of ${name}`)
  return version
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  },
  include: ['**/*.ts'],
  exclude: ['node_modules', 'cdk.out', '.orchestrator'],
}

const APP = `import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { exitWithMessage, featureFlags, Orchestrator } from 'orchestrator/infra'

const app = new App({ context: featureFlags() })
await Orchestrator.create(app, {
  root: join(import.meta.dirname, '..'),
  agents: 'agents',
  workflows: 'workflows',
}).catch(exitWithMessage)
app.synth()
`

const readmeOf = (name: string): string => `# ${name}

\`\`\`
npm install
npm test                          # agents and workflows, in memory
npm run check                     # types
npx orchestrator dev              # everything on this machine: no account, no Docker
\`\`\`
In a second terminal, while it runs:

\`\`\`
npx orchestrator submit greeting --input '{"name":"Ada"}' --wait
\`\`\`

| where | what |
| --- | --- |
| \`agents/<id>/index.ts\` | an agent; another one: \`npx orchestrator new agent <id>\` |
| \`workflows/<name>.yaml\` | a workflow; another one: \`npx orchestrator new workflow <name>\` |
| \`stages/<name>.yaml\` | what differs between deployments |
| \`infra/app.ts\` | the CDK app: stacks of your own go beside the orchestrator's |

The agents and workflows that the package brings along are deployed too, unless \`infra/app.ts\` says \`builtIn: false\`.

## Deploy

With AWS credentials in the environment:

\`\`\`
npx cdk bootstrap                 # once for each account and region
npm run deploy                    # stages/default.yaml; npm run deploy -- --context stage=staging for stages/staging.yaml
\`\`\`
The data stack keeps its tables and buckets, whatever happens to the stacks.
`
