import { execFile } from 'node:child_process'
import semver from 'semver'
import * as z from 'zod'
import type { Advisory } from './advisory-list.ts'

const reportSchema = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      // A string is the name of a vulnerable dependency, which has an entry of its own.
      via: z.array(
        z.union([
          z.string(),
          z.object({ name: z.string(), title: z.string(), url: z.url(), range: z.string() }),
        ]),
      ),
    }),
  ),
})
const failureSchema = z.object({ message: z.string() })

export type NpmAnswer =
  | { readonly status: 'answered'; readonly advisories: readonly Advisory[] }
  | { readonly status: 'unreachable'; readonly reason: string }

/** Asks npm's advisory endpoint about the lock file in `folder`, as `npm audit` does; never waits longer than `timeoutMs`. */
export async function askNpm(folder: string, timeoutMs: number): Promise<NpmAnswer> {
  const args = ['audit', '--omit=dev', '--json', '--package-lock-only', '--fetch-retries=0']
  const { stdout, ended } = await runNpm(args, folder, timeoutMs)
  if (!ended) return { status: 'unreachable', reason: `no answer within ${timeoutMs / 1_000} s` }
  const answer = parseJson(stdout)
  const report = reportSchema.safeParse(answer)
  if (!report.success) {
    const failure = failureSchema.safeParse(answer)
    const reason = failure.success ? failure.data.message : 'npm audit printed no report'
    return { status: 'unreachable', reason: reason.replace(/\s+/g, ' ').slice(0, 160) }
  }
  const told = Object.values(report.data.vulnerabilities).flatMap(({ via }) => via)
  const advisories = told.filter((each) => typeof each !== 'string').map(toAdvisory)
  return { status: 'answered', advisories }
}

/** npm reports the vulnerable range, not the first fixed version. */
const toAdvisory = (via: { name: string; title: string; url: string; range: string }): Advisory => ({
  id: via.url.slice(via.url.lastIndexOf('/') + 1),
  package: via.name,
  vulnerable: semver.validRange(via.range) === null ? '*' : via.range,
  fixed: null,
  summary: via.title.slice(0, 200),
  url: via.url,
})

function runNpm(args: string[], cwd: string, timeout: number): Promise<{ stdout: string; ended: boolean }> {
  // `npm run` sets the path of npm; the bare name is a shell script on Windows.
  const { npm_execpath: npm } = process.env
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const options = { cwd, timeout, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 } as const
  return new Promise((resolve) => {
    const shell = command === 'npm' && process.platform === 'win32'
    execFile(command, [...first, ...args], { ...options, shell }, (error, stdout) =>
      resolve({ stdout, ended: !error?.killed }),
    )
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
