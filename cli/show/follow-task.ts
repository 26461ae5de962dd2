import { CliError, EXIT } from '../cli-error.ts'
import { leaveWord } from './leave-word.ts'
import { showEnded } from './show-ended.ts'
import { watchTask } from './watch-task.ts'

/** Follows a task to its end and shows its result. Throws CliError when it has not succeeded. */
export async function followTask(taskId: string, json: boolean): Promise<void> {
  const takeBack = leaveWord(taskId)
  const ended = await watchTask(taskId, { to: json ? process.stderr : process.stdout, quiet: json })
  takeBack()
  await showEnded(ended, json)
  if (ended.status !== 'succeeded') throw new CliError('', EXIT.taskFailed)
}
