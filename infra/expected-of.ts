import { createHash } from 'node:crypto'
import { textOfExpected } from '../shared/contracts/expected-names.ts'
import type { Catalogue } from './catalogue.ts'

/** The variables by which the API knows when everything of a deployment is registered. */
export const expectedOf = ({ agents, workflows }: Catalogue) => ({
  EXPECTED_AGENTS: textOfExpected(
    agents.map(({ manifest }) => manifest.id),
    digest,
  ),
  EXPECTED_WORKFLOWS: textOfExpected(
    workflows.map(({ workflow }) => workflow.name),
    digest,
  ),
})

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
