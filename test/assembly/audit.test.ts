/** Who may write to the chains of the audit, by the policies of the synthesized templates (audit-writer/W4). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ASSEMBLY } from '../support/runner/synthesize-once.ts'

type Statement = {
  Effect: string
  Action: string | string[]
  Resource: unknown
  Condition?: Record<string, Record<string, string | string[]>>
}
type Resource = { Type: string; Properties: Record<string, unknown> }

const { Resources } = JSON.parse(
  readFileSync(join(ASSEMBLY, 'orchestrator-runtime.template.json'), 'utf8'),
) as { Resources: Record<string, Resource> }

const referred = (value: unknown): string[] =>
  [...JSON.stringify(value ?? []).matchAll(/"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/g)].map(([, id = '']) => id)

/** The last parts of the names of functions, by the ids of their roles. */
const byRole = new Map(
  Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .flatMap(({ Properties: { Role, FunctionName } }) =>
      referred(Role).map((role) => [role, String(FunctionName).replace('orchestrator-', '')] as const),
    ),
)

const policies = Object.entries(Resources).filter(([, { Type }]) => /^AWS::IAM::\w*Policy$/.test(Type))

const WRITES = /^(\*|dynamodb:(\*|.*(Put|Update|Delete|Write|PartiQL|Execute|Import|Restore|Replicat).*))$/
const WILD = /\*$/

const matches = (pattern: string, key: string): boolean =>
  WILD.test(pattern) ? key.startsWith(pattern.replace(WILD, '')) : key === pattern

/** `<function>: <action>` for each write that its policies allow on an item of the registry with this partition key. */
function writersOf(key: string): string[] {
  const found = policies.flatMap(([id, { Properties }]) => {
    const { Statement: statements = [] } = (Properties.PolicyDocument ?? {}) as { Statement?: Statement[] }
    const holders = referred(Properties.Roles).map((role) => byRole.get(role) ?? role)
    return statements.flatMap(({ Effect, Action, Resource, Condition }) => {
      const where = JSON.stringify(Resource)
      if (Effect !== 'Allow' || !(where.includes('Registry') || where.includes('"*"'))) return []
      const keys = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys']
      if (keys !== undefined && ![keys].flat().some((pattern) => matches(pattern, key))) return []
      const writes = [Action].flat().filter((action) => WRITES.test(action))
      return (holders.length > 0 ? holders : [id]).flatMap((holder) =>
        writes.map((action) => `${holder}: ${action}`),
      )
    })
  })
  return [...new Set(found)].sort()
}

describe('the policies of all functions', () => {
  it('let only the writer put into a chain, and nobody change or remove what is there (audit-writer/W4)', () => {
    expect(writersOf('AUDIT#acme')).toEqual(['audit: dynamodb:PutItem'])
  })

  it('let only the door and the writer touch notes', () => {
    expect(writersOf('NOTED#0')).toEqual([
      'api: dynamodb:DeleteItem',
      'api: dynamodb:PutItem',
      'api: dynamodb:UpdateItem',
      'audit: dynamodb:DeleteItem',
      'audit: dynamodb:UpdateItem',
    ])
  })

  it('are all read: a key that others write is found', () => {
    expect(byRole.size).toBeGreaterThan(15)
    expect(writersOf('RATE#model:any').length).toBeGreaterThan(15)
  })
})
