import { boundedText } from '../../domain/bounded.ts'
import type { Issue } from '../../domain/issue.ts'

/** More issues would not help the model. */
const MOST_TOLD = 20
const MOST_PATH = 200
const MOST_MESSAGE = 500

/** Issues as a model is told them: JSON with `path` and `message`. Paths have the names of members that the model itself has made up. */
export const toldIssues = (issues: readonly Issue[]): string =>
  JSON.stringify(
    issues.slice(0, MOST_TOLD).map(({ path, message }) => {
      return { path: boundedText(path, MOST_PATH), message: boundedText(message, MOST_MESSAGE) }
    }),
  )
