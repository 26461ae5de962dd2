import { readFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../cli-error.ts'

/**
 * Locks a data folder for this process. Throws CliError naming the process that holds it. This only gives the better message: if two
 * processes pass it at once, the lock of the tables stops the second.
 */
export async function holdFolder(folder: string): Promise<() => Promise<void>> {
  const lock = join(folder, 'lock')
  const [pid, startedAt = ''] = (await readFile(lock, 'utf8').catch(() => '')).split(' ')
  const owner = Number(pid)
  if (owner && owner !== process.pid && isAlive(owner) && mayBeFrom(startedAt, owner)) {
    throw new CliError(
      `${folder} is in use by process ${owner}; stop that one, or choose another folder with --data`,
    )
  }
  // The process of a stale lock has crashed.
  await rm(lock, { force: true })
  await writeFile(lock, `${process.pid} ${startOf(process.pid)}`, { flag: 'wx' }).catch(
    (error: Error & { code?: string }) => {
      const reason = error.code === 'EEXIST' ? 'another process has just taken it' : error.message
      throw new CliError(`${folder} cannot be used: ${reason}`)
    },
  )
  return () => rm(lock, { force: true })
}

/** Another process may have got the number since, after a crash or a restart of the machine. */
function mayBeFrom(startedAt: string, pid: number): boolean {
  const start = startOf(pid)
  return start === '' || startedAt === '' || start === startedAt
}

/** When a process started, in ticks since the machine did; empty where the system does not tell it in /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program, in parentheses, may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}
