/**
 * Where a step runs: its id, or for an item of a fan-out `<id>[<index>]`. Records, events and errors of an item are its own;
 * its plan is the step's.
 */
export function parsePath(path: string): { stepId: string; index?: number } {
  const match = /^(.+)\[(\d+)\]$/.exec(path)
  return match?.[1] ? { stepId: match[1], index: Number(match[2]) } : { stepId: path }
}

export const itemPath = (stepId: string, index: number): string => `${stepId}[${index}]`
