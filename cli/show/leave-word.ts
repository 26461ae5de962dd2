import { EXIT } from '../cli-error.ts'
import { printError } from './terminal.ts'

/** On Ctrl-C: prints how to follow or cancel the task, and exits with 130. Returns a function that removes the handler. */
export function leaveWord(taskId: string): () => void {
  const leave = (): never => {
    printError(
      `\nthe task goes on; follow it: npx orchestrator status ${taskId} --watch; stop it: npx orchestrator cancel ${taskId}`,
    )
    process.exit(EXIT.interrupted)
  }
  process.once('SIGINT', leave)
  return () => void process.off('SIGINT', leave)
}
