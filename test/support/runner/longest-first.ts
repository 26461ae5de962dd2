import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take more than 15 s on two processors, longest first: a long file that starts last would run alone. */
const LONGEST = [
  'integration/api/cli',
  'integration/api/cli-dev',
  'endurance/poisoned-tasks',
  'endurance/kill-and-resume',
  'integration/tasks/queue',
  'endurance/shared-items',
  'property/breaker',
  'endurance/limited-agents',
  'integration/steps/isolated-expressions',
  'integration/steps/rivals',
  'integration/tasks/retry',
  'integration/api/slow-connections',
  'endurance/many-machines',
  'property/reference',
  'integration/tasks/own-workflows',
  'assembly/many-agents',
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
