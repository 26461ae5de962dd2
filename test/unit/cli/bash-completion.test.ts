import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { runCli } from '../../support/cloud/run-cli.ts'

const BIN = join(import.meta.dirname, '../../../bin/orchestrator.mjs')
const folder = mkdtempSync(join(tmpdir(), 'completion-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o755 })
  return join(folder, name)
}
write('orchestrator', `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`)
const script = write('completion.bash', (await runCli(['completion', 'bash'])).stdout)

/** A bash without any configuration, so without bash-completion; `set -u` finds variables that are not set. */
function bash(commands: string) {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--noprofile', '--norc', '-uc', `source '${script}'; source '${script}'; ${commands}`],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: `${folder}${delimiter}${process.env.PATH}`,
        ORCHESTRATOR_URL: 'http://127.0.0.1:1',
      },
    },
  )
  return { status, stdout, stderr }
}

/** What is suggested for the last of the words, as bash splits them. */
const suggested = (...words: string[]): string[] => {
  const quoted = ['orchestrator', ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const { status, stdout, stderr } = bash(
    `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; __orchestrator_complete; printf '%s\\n' "\${COMPREPLY[@]}"`,
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\n').filter(Boolean)
}

it('can be sourced twice, without bash-completion', () => {
  expect(bash('complete -p orchestrator')).toEqual({
    status: 0,
    stdout: 'complete -F __orchestrator_complete orchestrator\n',
    stderr: '',
  })
})

it.each<[words: string[], suggestions: string[]]>([
  [['statu'], ['status']],
  [['agents', 're'], ['reset']],
  [['status', '--wa'], ['--watch']],
  [
    ['completion', ''],
    ['zsh', 'bash', 'fish', 'powershell'],
  ],
  [['status', 'no-such-'], []],
])('suggests for %j', (words, suggestions) => {
  expect(suggested(...words)).toEqual(suggestions)
})

it('runs nothing that stands in a word', () => {
  const made = join(folder, 'made')
  expect(
    suggested('status', `$(touch ${made})`, `\`touch ${made}\``, `; touch ${made};`, "it's", '--wa'),
  ).toEqual(['--watch'])
  expect(existsSync(made)).toBe(false)
})

it('joins what bash has split at ":" and "=", and leaves out what readline keeps', () => {
  const { stdout, stderr } = bash(
    `orchestrator() { printf '[%s]' "$@" > '${folder}/asked'; printf 'a:b=cd\\tof d\\n:4\\n'; }
COMP_WORDS=(orchestrator status a : b = c); COMP_CWORD=6; __orchestrator_complete; echo "\${COMPREPLY[@]}"; cat '${folder}/asked'`,
  )
  expect({ stdout, stderr }).toEqual({ stdout: 'cd\n[complete][--][status][a:b=c]', stderr: '' })
})

it('calls an alias of the command', () => {
  const { stdout } = bash(
    `function told { echo told:4; }; shopt -s expand_aliases; alias orchestrator='told #'; COMP_WORDS=(orchestrator to); COMP_CWORD=1; __orchestrator_complete; echo "\${COMPREPLY[@]}"`,
  )
  expect(stdout).toBe('told:4\n')
})

it('leaves file names to bash only where the command takes a file', () => {
  const asked = (word: string): string =>
    bash(
      `compopt() { echo "compopt $*"; }; COMP_WORDS=(orchestrator ${word} ''); COMP_CWORD=2; __orchestrator_complete`,
    ).stdout
  expect(asked('validate')).toBe('compopt -o default\n')
  expect(asked('status')).toBe('')
})
