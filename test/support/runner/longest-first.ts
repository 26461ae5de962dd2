import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take more than 15 s on two processors, longest first: a long file that starts last would run alone. */
const LONGEST = [
  'end-to-end/reload',
  'end-to-end/tutorials',
  'endurance/poisoned-tasks',
  'endurance/kill-and-resume',
  'endurance/shared-items',
  'endurance/limited-agents',
  'integration/api/stages',
  'property/selection',
  'integration/tasks/honesty',
  'integration/engine/sandboxes',
  'integration/control/gates',
  'integration/api/scenarios',
  'integration/control/each-item',
  'integration/engine/local-cloud',
  'integration/control/loops',
  'integration/steps/isolated-expressions',
  'property/compiled-speed',
  'integration/api/cli',
  'endurance/many-machines',
].map((name) => `/test/${name}.test.ts`)

/** Vitest knows durations only from an earlier run, which a clean checkout does not have. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((end) => moduleId.replaceAll('\\', '/').endsWith(end))
      return place === -1 ? LONGEST.length : place
    }
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b))
  }
}
