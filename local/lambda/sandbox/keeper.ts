import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Ends, when its input has ended, all processes that it was told of by `+ <pid>` and not again by `- <pid>`; a moment later, for those
 * that can end by themselves have something to say before.
 */
const SCRIPT = `
all=' '
while read -r sign pid; do
  case $sign in
    +) all="$all$pid " ;;
    -) case $all in *" $pid "*) all="\${all%% $pid *} \${all#* $pid }" ;; esac ;;
  esac
done
sleep 3
for pid in $all; do kill -9 "$pid"; done`

/**
 * Sees to it that no sandbox outlives the local cloud. One whose handler waits notices by itself that it is alone; one that computes
 * without end does not, and after a `kill -9` of the local cloud would go on for ever. A shell of a megabyte waits for that.
 * Windows has none.
 */
export class Keeper {
  #shell: ChildProcess | undefined

  add(pid: number): void {
    this.#shell ??= startShell()
    this.#tell(`+ ${pid}\n`)
  }

  remove(pid: number): void {
    this.#tell(`- ${pid}\n`)
  }

  stop(): void {
    this.#shell?.stdin?.end()
    this.#shell = undefined
  }

  #tell(line: string): void {
    if (this.#shell?.stdin?.writable) this.#shell.stdin.write(line)
  }
}

function startShell(): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  // Without it everything else works.
  shell.on('error', () => {})
  shell.stdin.on('error', () => {})
  shell.unref()
  // A socket to the shell must not keep the process alive.
  ;(shell.stdin as unknown as { unref?(): void }).unref?.()
  return shell
}
