import { EXIT } from './cli-error.ts'

/** Ctrl-C leaves a task that is followed alone, and says so; answers how to take the word back. */
export function leaveWord(taskId: string): () => void {
  const leave = (): never => {
    console.error(
      `\nthe task goes on; follow it: npx orchestrator status ${taskId} --watch; stop it: npx orchestrator cancel ${taskId}`,
    )
    process.exit(EXIT.interrupted)
  }
  process.once('SIGINT', leave)
  return () => void process.off('SIGINT', leave)
}
