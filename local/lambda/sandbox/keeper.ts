import { type ChildProcess, spawn } from 'node:child_process'

/**
 * When its input ends, this script kills every process that was added by `+ <pid>` and not removed by `- <pid>`; it waits a moment,
 * in which processes that can end by themselves may record that they outlived the local cloud.
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
 * Ensures that no sandbox outlives the local cloud. A sandbox with a free event loop notices the lost connection itself; a blocked one
 * does not, and after a `kill -9` of the local cloud would run for ever. A shell of a megabyte watches for that.
 * Not available on Windows.
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
  // The shell is optional: everything else works without it.
  shell.on('error', () => {})
  shell.stdin.on('error', () => {})
  shell.unref()
  // The pipe to the shell must not keep the process alive.
  ;(shell.stdin as unknown as { unref?(): void }).unref?.()
  return shell
}
