import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes longest comes first: a long file that starts last would run alone. Projects that are not named follow. */
const PROJECTS = ['integration', 'integration-shared', 'property', 'unit']
/** Files that take more than some seconds on two processors, longest first. */
const LONGEST = [
  'end-to-end/reload',
  'end-to-end/tutorials',
  'endurance/poisoned-tasks',
  'endurance/kill-and-resume',
  'endurance/shared-items',
  'endurance/limited-agents',
  'endurance/many-machines',
  'endurance/shared-budget',
  'endurance/isolated-expressions',
  'endurance/rivals',
  'endurance/sandboxes',
  'cloud/tasks/retry',
  'cloud/engine/trouble',
  'cloud/engine/local-cloud',
  'cloud/tasks/honesty',
  'cloud/api/slow-connections',
  'cloud/control/gates',
  'cloud/api/stages',
  'integration/api/cli',
  'integration/api/scenarios',
  'integration/control/each-item',
  'integration/control/fan-outs',
  'property/selection',
  'property/reference',
  'property/large-tasks',
  'cloud/assembly/own-app',
  'cloud/assembly/many-agents',
  'cloud/assembly/kept-assembly',
  'unit/steps/thrown-errors',
  'unit/compiler/compile-workflow',
].map((name) => `/test/${name}.test.ts`)

/** Vitest knows durations only from an earlier run, which a clean checkout does not have. */
export class LongestFirst extends BaseSequencer {
  /** Keeps the files of a project together: a worker that they share ends as soon as the next file is of another. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const projectOf = ({ project }: TestSpecification): number => placeIn(PROJECTS.indexOf(project.name))
    const fileOf = ({ moduleId }: TestSpecification): number =>
      placeIn(LONGEST.findIndex((end) => moduleId.replaceAll('\\', '/').endsWith(end)))
    const sorted = await super.sort(files)
    const names = [...new Set(sorted.map(({ project }) => project.name))]
    const inProjects = names.map((name) => sorted.filter(({ project }) => project.name === name))
    return inProjects
      .map((ofOne) => ofOne.toSorted((a, b) => fileOf(a) - fileOf(b)))
      .toSorted(([a], [b]) => (a && b ? projectOf(a) - projectOf(b) : 0))
      .flat()
  }
}

const placeIn = (index: number): number => (index === -1 ? LONGEST.length : index)
