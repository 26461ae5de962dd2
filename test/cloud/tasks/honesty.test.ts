import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  alterAssembly,
  functionOf,
  LambdaSchema,
  type Policy,
  policiesOf,
  propertiesOf,
  removeAltered,
  removeGrant,
  type Template,
} from '../../support/cloud/altered-assembly.ts'
import { type LocalApi, type LocalApiOptions, startApi as start } from '../../support/cloud/local-api.ts'

afterAll(removeAltered)

async function startApi(options: LocalApiOptions): Promise<LocalApi> {
  const api = await start(options)
  onTestFinished(() => api.stop())
  return api
}

/** Deletes resources of a type with a given word in their properties. */
const without = (type: string, word: string) =>
  alterAssembly((template) => removeResources(template, type, word))

function removeResources({ Resources }: Template, type: string, word: string): void {
  const found = Object.entries(Resources).filter(
    ([, resource]) => resource.Type === type && JSON.stringify(resource).includes(word),
  )
  if (found.length === 0) throw new Error(`no ${type} with ${word}`)
  for (const [id] of found) delete Resources[id]
}

/** Removes an action from every policy of a function's role. */
function withoutGrant(template: Template, functionName: string, action: string): void {
  const [role] = lambdaOf(template, functionName).Role['Fn::GetAtt']
  removeGrant(template.Resources, (id) => id === role, action)
}

const lambdaOf = ({ Resources }: Template, functionName: string) =>
  propertiesOf(Resources, functionOf(Resources, functionName), LambdaSchema)

/** The policies of the role that state machines run with. */
const executionPoliciesOf = (resources: Template['Resources']): Policy[] =>
  policiesOf(resources).flatMap(([id, policy]) => (id.startsWith('ExecutionRole') ? [policy] : []))

describe('what is missing in the assembly is missing on the laptop', () => {
  it('a variable', async () => {
    const assembly = alterAssembly((template) => {
      const { Environment } = lambdaOf(template, 'orchestrator-api')
      Environment.Variables = Object.fromEntries(
        Object.entries(Environment.Variables).filter(([name]) => name !== 'TASKS_TABLE'),
      )
    })
    const api = await startApi({ assembly })
    expect((await api.call('GET', '/health')).status).toBe(500)
    await expect
      .poll(() => api.logs.join(''))
      .toContain("ConfigError: this function's environment is not complete: TASKS_TABLE: is required")
  })

  it('a bundle', async () => {
    const assembly = alterAssembly((template) => {
      lambdaOf(template, 'orchestrator-agent-echo').Code.S3Key = 'gone.zip'
    })
    await expect(startApi({ assembly })).rejects.toThrow(
      'function orchestrator-agent-echo: its bundle (gone.zip) is not in the assembly',
    )
  })

  it('a table that grants and variables name', async () => {
    const assembly = alterAssembly(({ Resources }) => {
      for (const id of Object.keys(Resources)) if (id.startsWith('Tasks')) delete Resources[id]
    }, 'orchestrator-data.template.json')
    await expect(startApi({ assembly })).rejects.toThrow(
      /something refers to "Tasks.*", which is not in the template/,
    )
  })

  it('a function that a grant and the registration name', async () => {
    const assembly = alterAssembly(
      ({ Resources }) => delete Resources[functionOf(Resources, 'orchestrator-agent-echo')],
    )
    await expect(startApi({ assembly })).rejects.toThrow(/something refers to "AgentsAgentecho/)
  })

  it.each([
    ['states:StartExecution', 'orchestrator-api', { status: 500 }],
    ['dynamodb:PutItem', 'orchestrator-api', { status: 500 }],
  ])('the grant of %s to %s', async (action, functionName, answer) => {
    const assembly = alterAssembly((template) => withoutGrant(template, functionName, action))
    const api = await startApi({ assembly })
    expect(await api.call('POST', '/tasks', { type: 'simple', input: {} })).toMatchObject(answer)
    await expect
      .poll(() => api.logs.join(''))
      .toContain(`is not authorized to perform: ${action} on resource: arn:aws:`)
  })

  it("the state machine's own grant", async () => {
    const assembly = alterAssembly(({ Resources }) => {
      for (const { PolicyDocument } of executionPoliciesOf(Resources)) {
        for (const statement of PolicyDocument.Statement) {
          if (statement.Action === 'lambda:InvokeFunction')
            statement.Resource = [statement.Resource]
              .flat()
              .filter((one) => !JSON.stringify(one).includes('-agent-*'))
        }
      }
    })
    const api = await startApi({ assembly })
    const task = await api.run('simple', {})
    expect(task).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('not authorized to perform: lambda:InvokeFunction') },
    })
  })

  it("the machines' grant to start children", async () => {
    const assembly = alterAssembly(({ Resources }) => {
      for (const { PolicyDocument } of executionPoliciesOf(Resources)) {
        PolicyDocument.Statement = PolicyDocument.Statement.filter(
          ({ Action }) => Action !== 'states:StartExecution',
        )
      }
    })
    const api = await startApi({ assembly })
    const { taskId } = await api.submitOwn({ name: 'parent', steps: { call: { workflow: 'simple' } } })
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('StepFunctions.AccessDeniedException') },
    })
  })

  it('the grant to publish versions, without which nothing is deployed', async () => {
    const assembly = alterAssembly((template) =>
      withoutGrant(template, 'orchestrator-register', 'states:PublishStateMachineVersion'),
    )
    await expect(startApi({ assembly })).rejects.toThrow(
      /is not authorized to perform: states:PublishStateMachineVersion on resource: .*:stateMachine:orchestrator-/,
    )
  })

  it('an unknown type of resource is refused by name', async () => {
    const assembly = alterAssembly(({ Resources }) => {
      Resources.Queue2 = { Type: 'AWS::Kinesis::Stream', Properties: {} }
    })
    await expect(startApi({ assembly })).rejects.toThrow(
      'orchestrator-runtime/Queue2: the local cloud does not know AWS::Kinesis::Stream',
    )
  })

  it('the permission of API Gateway and EventBridge to invoke a function', async () => {
    const api = await startApi({ assembly: without('AWS::Lambda::Permission', 'apigateway') })
    expect((await api.call('GET', '/health')).status).toBe(500)
    await expect
      .poll(() => api.logs.join(''))
      .toContain('apigateway.amazonaws.com has no permission to invoke')

    const deaf = await startApi({ assembly: without('AWS::Lambda::Permission', 'events.amazonaws.com') })
    const taskId = await deaf.submit('simple', {})
    await expect
      .poll(() => deaf.logs.join(''), { timeout: 10_000 })
      .toContain('events.amazonaws.com has no permission to invoke')
    expect((await deaf.call('GET', `/tasks/${taskId}`)).body).toMatchObject({ status: 'running' })
  })
})

/** Four things without one another: an agent's grant, that of an upload, a route, and the right to pass a role. */
describe('what is missing in the assembly is missing on the laptop, and nothing else is', () => {
  let api: LocalApi
  beforeAll(async () => {
    const assembly = alterAssembly((template) => {
      removeResources(template, 'AWS::ApiGatewayV2::Route', 'GET /api/v1/agents"')
      withoutGrant(template, 'orchestrator-agent-echo', 'dynamodb:UpdateItem')
      withoutGrant(template, 'orchestrator-api', 's3:PutObject')
      const text = JSON.stringify(template.Resources)
      template.Resources = JSON.parse(
        text.replaceAll(
          '"iam:PassedToService":"states.amazonaws.com"',
          '"iam:PassedToService":"lambda.amazonaws.com"',
        ),
      ) as typeof template.Resources
    })
    api = await start({ assembly })
  })
  afterAll(() => api.stop())

  it('a route', async () => {
    // The route for all other requests takes it, to a function that has no handler for it there.
    expect((await api.call('GET', '/agents')).status).toBe(405)
    expect((await api.call('GET', '/workflows')).status).toBe(200)
  })

  it("an agent's grant", async () => {
    const task = await api.run('simple', {})
    expect(task).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('is not authorized to perform: dynamodb:UpdateItem') },
    })
  })

  it('a role that may be passed to another service only', async () => {
    const own = { name: 'own', steps: { a: { capability: 'echo' } } }
    expect((await api.call('POST', '/tasks', { workflow: own })).status).toBe(500)
    await expect.poll(() => api.logs.join('')).toContain('is not authorized to perform: iam:PassRole')
  })

  it('the grant behind an upload', async () => {
    await expect(api.upload('a.csv', 'a\n1\n')).rejects.toThrow(/is not authorized to perform: s3:PutObject/)
  })
})
