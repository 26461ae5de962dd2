import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyProject } from '../support/cloud/copy-project.ts'
import { installPackages, MissingPythonError } from './python-packages.ts'

const project = copyProject()
let bin: string | undefined
beforeAll(() => {
  try {
    bin = installPackages(join(import.meta.dirname, 'checkers.txt'), 'checkers')
  } catch (error) {
    if (!(error instanceof MissingPythonError)) throw error
    console.warn(`SKIPPED: ${error.message}`)
    return
  }
  expect(project.synthesize()).toEqual({ status: 0, stderr: '' })
})
afterAll(project.remove)

/** Accepted findings, by check or by check and resource. Any other finding fails the test, and so does an entry without a finding. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'cfn-lint W3005':
    'CDK has a function depend on its role and on the policy of the role; the first is implied, the second is not.',
  'cfn-lint E1101':
    'It fails itself ("sequence item 3: expected str instance, int found") where it would tell E3601 of a state in a branch.',
  'cfn-lint E3601':
    "A machine's definition names the partition by a substitution, which Step Functions fills in and the check does not.",
  CKV_AWS_115:
    'A reserved concurrency takes from the 1,000 of the account and is idle otherwise. Agents declare limits of their own, which admission enforces.',
  CKV_AWS_116:
    'Functions that nobody waits for have a failure destination, the newer form, which the check does not know; test/assembly looks for it. The others are called by callers that wait.',
  CKV_AWS_117:
    'They reach AWS only, by TLS and their own roles. A VPC needs endpoints or NAT gateways, which are paid by the hour.',
  CKV_AWS_119:
    'Encrypted, by a key that AWS owns: a key of the customer is a dollar a month and a cent for every use of it.',
  CKV_AWS_158:
    'Encrypted, by a key that AWS owns. Payloads and secrets are in no log (test/cloud/api/logs.test.ts).',
  CKV_AWS_173: 'Variables are names and ARNs; none is a secret. They are encrypted by a key that AWS owns.',
  'CKV_AWS_18 AWS::S3::Bucket.AccessLogs8B620ECA': 'It is the bucket that holds the access logs.',
  'CKV_AWS_27 AWS::SQS::Queue.DeadLettersBBF8BAAB':
    'Encrypted by SQS itself (SqsManagedSseEnabled), which the check does not know.',
  'CKV_AWS_27 AWS::SQS::Queue.MessagesDead1D97338B':
    'Encrypted by SQS itself (SqsManagedSseEnabled), which the check does not know.',
  'CKV_AWS_27 AWS::SQS::Queue.MessagesQueueDA932AE9':
    'Encrypted by SQS itself (SqsManagedSseEnabled), which the check does not know.',
}

type Finding = { check: string; resource: string; message: string }

describe('the templates, checked by independent tools', () => {
  it('have only accepted findings, and no acceptance without a finding', ({ skip }) => {
    if (!bin) return skip('Python or the packages cannot be had here')
    const findings = [...lint(bin), ...checkov(bin)]
    const explanationOf = ({ check, resource }: Finding) =>
      [check, `${check} ${resource}`].find((key) => key in EXPLAINED)
    expect(findings.filter((finding) => !explanationOf(finding))).toEqual([])
    expect([...new Set(findings.map(explanationOf))].sort()).toEqual(Object.keys(EXPLAINED).sort())
  })
})

const templates = (): string[] =>
  readdirSync(project.out)
    .filter((file) => file.endsWith('.template.json'))
    .map((file) => join(project.out, file))

function lint(folder: string): Finding[] {
  const found = run(join(folder, 'cfn-lint'), ['--format', 'json', ...templates()]) as {
    Rule: { Id: string }
    Message: string
    Location: { Path: string[] }
  }[]
  return found.map(({ Rule, Message, Location }) => {
    return { check: `cfn-lint ${Rule.Id}`, resource: Location.Path.join('.'), message: Message }
  })
}

function checkov(folder: string): Finding[] {
  const args = ['--directory', project.out, '--framework', 'cloudformation', '--output', 'json']
  const { results, summary } = run(join(folder, 'checkov'), args) as {
    results: { failed_checks: { check_id: string; resource: string; check_name: string }[] }
    summary: { passed: number; parsing_errors: number }
  }
  expect(summary.parsing_errors).toBe(0)
  expect(summary.passed).toBeGreaterThan(200)
  return results.failed_checks.map(({ check_id, resource, check_name }) => {
    return { check: check_id, resource, message: check_name }
  })
}

/** Both tools exit with a special code when they have findings. */
function run(command: string, args: readonly string[]): unknown {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  try {
    return JSON.parse(stdout)
  } catch {
    throw new Error(`${command} has not answered JSON: ${stdout.slice(-500)}${stderr.slice(-2_000)}`)
  }
}
