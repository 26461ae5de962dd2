import type { Catalogue } from './catalogue.ts'

/**
 * With more agents and workflows the template has no indentation, which would be half of the 1 MB that CloudFormation takes. With fewer it has: tools that
 * look for faults print the lines in which they find some, and all of a template would be one line.
 */
const READABLE_PARTS = 60

/** Whether the template of a catalogue is written without indentation. */
export const hasManyParts = ({ agents, workflows }: Pick<Catalogue, 'agents' | 'workflows'>): boolean =>
  agents.length + workflows.length > READABLE_PARTS
