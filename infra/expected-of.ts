import { createHash } from 'node:crypto'
import { textOfExpected } from '../shared/contracts/expected-names.ts'
import type { Catalogue } from './catalogue.ts'

/** The variables by which the API knows when everything of a deployment is registered. */
export const expectedOf = ({ agents, workflows }: Catalogue) => ({
  EXPECTED_AGENT_NAMES: textOfExpected(
    agents.map(({ manifest }) => manifest.id),
    digest,
  ),
  EXPECTED_WORKFLOW_NAMES: textOfExpected(
    workflows.map(({ workflow }) => workflow.name),
    digest,
  ),
  // As the first releases read them, which a rollback may bring back (environment/V1).
  EXPECTED_AGENTS: String(agents.length),
  EXPECTED_WORKFLOWS: String(workflows.length),
})

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
