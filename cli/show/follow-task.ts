import { CliError, EXIT } from '../cli-error.ts'
import { leaveWord } from './leave-word.ts'
import { showEnded } from './show-ended.ts'
import { type WatchedTask, watchTask } from './watch-task.ts'

/**
 * Follows a task to its end and shows its result. `before` is the task as the user has seen it: what has not changed since is not told
 * again. Throws CliError when it has not succeeded.
 */
export async function followTask(taskId: string, json: boolean, before?: WatchedTask): Promise<void> {
  const takeBack = leaveWord(taskId)
  const to = json ? process.stderr : process.stdout
  const ended = await watchTask(taskId, { to, quiet: json, before })
  takeBack()
  await showEnded(ended, json)
  if (ended.status !== 'succeeded') throw new CliError('', EXIT.taskFailed)
}
