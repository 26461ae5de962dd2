import { describe, expect, it } from 'vitest'
import { Deployment, RestartNeeded } from '../../../local/assembly/deployment.ts'
import type { ResourceFacts } from '../../../local/assembly/provision.ts'
import type { Assembly } from '../../../local/assembly/read-assembly.ts'

const FUNCTION = 'AWS::Lambda::Function'
const MACHINE = 'AWS::StepFunctions::StateMachine'
const TABLE = 'AWS::DynamoDB::Table'

type Properties = Record<string, unknown>

/** A stack of resources by their ids: type, properties. */
function stackOf(resources: Record<string, [type: string, properties: Properties]>): Assembly {
  const all = Object.entries(resources).map(([id, [Type, Properties]]) => {
    return [id, { Type, Properties, DependsOn: [] as string[] }] as const
  })
  return {
    stacks: [{ name: 's', resources: Object.fromEntries(all), outputs: {}, nested: {} }],
    assets: new Map(),
  }
}

/** A deployment in which resources with `broken` properties cannot be provisioned. */
function deploymentIn() {
  const [done, there]: [string[], Map<string, unknown>] = [[], new Map()]
  const provisioner = async ({ logicalId, properties, before }: ResourceFacts) => {
    if (properties.broken) throw new Error(`${logicalId} is broken`)
    done.push(`${before ? 'update' : 'create'} ${logicalId}`)
    there.set(logicalId, properties)
    return { ref: logicalId, attributes: { Revision: JSON.stringify(properties) } }
  }
  const provisioners = Object.fromEntries([FUNCTION, MACHINE, TABLE].map((type) => [type, provisioner]))
  const deployment = new Deployment(
    { account: '0', region: 'r', provisioners, ignorable: [] },
    {
      [FUNCTION]: ({ logicalId }) => {
        done.push(`remove ${logicalId}`)
        there.delete(logicalId)
      },
    },
  )
  return { deployment, done, there }
}

describe('an update of a deployment', () => {
  it('provisions changed resources and those that refer to them, and nothing else (update/U1)', async () => {
    const { deployment, done } = deploymentIn()
    const stack = (code: string): Assembly =>
      stackOf({
        F: [FUNCTION, { code }],
        M: [MACHINE, { of: { 'Fn::GetAtt': ['F', 'Revision'] } }],
        Other: [FUNCTION, { named: { Ref: 'F' } }],
      })
    await deployment.create(stack('a'))
    done.length = 0
    await deployment.update(stack('b'))
    expect(done).toEqual(['update F', 'update M'])
  })

  it('adds new resources first, and removes those that are in no template any more last', async () => {
    const { deployment, done, there } = deploymentIn()
    await deployment.create(stackOf({ Old: [FUNCTION, {}] }))
    await deployment.update(stackOf({ New: [FUNCTION, {}] }))
    expect(done).toEqual(['create Old', 'create New', 'remove Old'])
    expect([...there.keys()]).toEqual(['New'])
  })

  it('rolls back when a resource fails (update/U2)', async () => {
    const { deployment, there } = deploymentIn()
    await deployment.create(stackOf({ A: [FUNCTION, { code: 1 }], B: [FUNCTION, { code: 1 }] }))
    const failing = stackOf({
      A: [FUNCTION, { code: 2 }],
      B: [FUNCTION, { broken: true, after: { Ref: 'A' } }],
      C: [FUNCTION, {}],
    })
    await expect(deployment.update(failing)).rejects.toThrow('B is broken')
    expect(Object.fromEntries(there)).toEqual({ A: { code: 1 }, B: { code: 1 } })
    await deployment.update(stackOf({ A: [FUNCTION, { code: 3 }], B: [FUNCTION, { code: 1 }] }))
    expect(Object.fromEntries(there)).toEqual({ A: { code: 3 }, B: { code: 1 } })
  })

  it('refuses changes that need a restart, before anything has changed (update/U3)', async () => {
    const { deployment, done } = deploymentIn()
    await deployment.create(stackOf({ T: [TABLE, { key: 'a' }], F: [FUNCTION, {}] }))
    done.length = 0
    const next = stackOf({ T: [TABLE, { key: 'b' }], F: [FUNCTION, { code: 2 }], U: [TABLE, {}] })
    await expect(deployment.update(next)).rejects.toThrow(new RestartNeeded(`s/T (${TABLE}), s/U (${TABLE})`))
    expect(done).toEqual([])
  })
})
