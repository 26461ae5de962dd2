import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stageJsonSchema } from '../../infra/stage-json-schema.ts'
import { agentContractDocument } from '../../shared/contracts/agent-contract-document.ts'
import { workflowJsonSchema } from '../../shared/workflow/workflow-json-schema.ts'
import { cliPage } from './cli-page.ts'
import { configurationPage } from './configuration-page.ts'
import { contractPart } from './contract-page.ts'
import { doorExports } from './door-exports.ts'
import { errorsPage } from './errors-page.ts'
import { eventsPage } from './events-page.ts'
import { httpPage } from './http-page.ts'
import { page } from './table.ts'
import { workflowFields } from './workflow-page.ts'

/** Text between these two lines is generated; text around them is written by hand. */
const BEGIN = '<!-- begin generated -->'
const END = '<!-- end generated -->'

/** Every generated page, and the JSON Schemas, by path from the root. Partly generated pages keep the rest. */
export async function generatedPages(root: string): Promise<Record<string, string>> {
  const part = (path: string, made: string): Record<string, string> => ({
    [path]: within(path, readFileSync(join(root, path), 'utf8'), made),
  })
  return {
    'schemas/workflow.schema.json': json(workflowJsonSchema()),
    'schemas/stage.schema.json': json(stageJsonSchema()),
    'schemas/agent-contract.openapi.json': json(agentContractDocument()),
    'docs/errors.md': errorsPage(),
    'docs/reference/cli.md': await cliPage(),
    'docs/reference/configuration.md': configurationPage(root),
    'docs/reference/http-api.md': httpPage(),
    'docs/reference/events.md': eventsPage(),
    ...part('docs/reference/workflow-language.md', workflowFields()),
    ...part('docs/reference/agent-contract.md', contractPart()),
    ...part('docs/reference/agent-api.md', doorExports(root, 'shared/agent/index.ts')),
    'docs/reference/testing.md': page(
      '# Test kit',
      'What `orchestrator/testing` offers. [How to test](../how-to/test-agents-and-workflows.md) shows it.',
      doorExports(root, 'testing/index.ts'),
    ),
  }
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

function within(path: string, text: string, made: string): string {
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined)
    throw new Error(`${path} has no lines "${BEGIN}" and "${END}", between which its tables go`)
  return `${before}${BEGIN}\n${made}\n${END}${after}`
}
