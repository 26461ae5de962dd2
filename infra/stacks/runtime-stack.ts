import { ArnFormat, CustomResource, Duration, Stack } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { Bundles } from '../bundle-functions.ts'
import { BundledFunction } from '../constructs/bundled-function.ts'
import { ClosedApi } from '../constructs/closed-api.ts'
import { giveStores } from '../constructs/store-access.ts'
import { WorkflowMachine } from '../constructs/workflow-machine.ts'
import type { Catalogue } from '../load-catalogue.ts'
import type { Stage } from '../stage.ts'
import type { DataStack } from './data-stack.ts'

type RuntimeStackProps = { stage: Stage; catalogue: Catalogue; bundles: Bundles; data: DataStack }

/** A host outlives the agent's own deadline, so that it can note the failure. */
const HOST_MARGIN_SECONDS = 5

/** Functions, state machines, rules and the API: everything that may be replaced at any deployment. */
export class RuntimeStack extends Stack {
  readonly agents: Record<string, BundledFunction>
  readonly functions: Record<string, BundledFunction>
  readonly machines: WorkflowMachine[]
  readonly deadLetters: Queue
  readonly api: ClosedApi
  readonly #props: RuntimeStackProps

  constructor(scope: Construct, id: string, props: RuntimeStackProps) {
    super(scope, id, { description: 'Orchestrator: agents, workflows and API' })
    this.#props = props
    const { stage, catalogue } = props
    this.agents = this.#addAgents()
    const rebind = this.#addFunction('rebind', 'Chooses the next agent for a step, or settles it', 30, 512)
    giveStores(rebind, props.data, {
      tasks: ['GetItem', 'BatchGetItem', 'UpdateItem'],
      registry: ['Query'],
      values: true,
      publish: true,
    })
    const role = this.#addExecutionRole([...Object.values(this.agents), rebind])
    this.machines = catalogue.workflows.map(
      (workflow) =>
        new WorkflowMachine(this, `Workflow-${workflow.name}`, {
          stage,
          workflow,
          role,
          substitutions: { RebindFunction: rebind.functionArn },
        }),
    )
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    })
    const finish = this.#addFinish()
    const reconcile = this.#addReconcile()
    const api = this.#addApi()
    this.api = new ClosedApi(this, 'Api', { stage, handler: api })
    this.functions = { api, rebind, finish, reconcile }
    this.#register()
  }

  #addAgents(): Record<string, BundledFunction> {
    const { stage, catalogue, bundles, data } = this.#props
    const agents = catalogue.agents.map(({ manifest }): [string, BundledFunction] => {
      const agent = new BundledFunction(this, `Agent-${manifest.id}`, {
        stage,
        name: `agent-${manifest.id}`,
        description: manifest.description,
        folder: bundles.folderOf(`agent-${manifest.id}`),
        timeoutSeconds: manifest.limits.timeoutSeconds + HOST_MARGIN_SECONDS,
        memoryMb: manifest.limits.memoryMb,
      })
      giveStores(agent, data, {
        tasks: ['GetItem', 'BatchGetItem', 'UpdateItem'],
        values: true,
        files: 'read',
        publish: true,
      })
      return [manifest.id, agent]
    })
    return Object.fromEntries(agents)
  }

  #addFunction(name: string, description: string, timeoutSeconds: number, memoryMb: number): BundledFunction {
    const { stage, bundles } = this.#props
    const id = `${name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}Function`
    return new BundledFunction(this, id, {
      stage,
      name,
      description,
      folder: bundles.folderOf(name),
      timeoutSeconds,
      memoryMb,
    })
  }

  /** One role for all machines: invoke exactly our agents and the rebinder, and deliver their own logs and traces. */
  #addExecutionRole(functions: readonly BundledFunction[]): Role {
    const role = new Role(this, 'ExecutionRole', { assumedBy: new ServicePrincipal('states.amazonaws.com') })
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['lambda:InvokeFunction'],
        resources: functions.map(({ functionArn }) => functionArn),
      }),
    )
    return role
  }

  /** Step Functions' own event ends a task; failing deliveries are retried, then kept. */
  #addFinish(): BundledFunction {
    const finish = this.#addFunction('finish-task', 'Ends the task whose execution has ended', 60, 512)
    giveStores(finish, this.#props.data, {
      tasks: ['GetItem', 'PutItem', 'Query'],
      values: true,
      publish: true,
    })
    new Rule(this, 'ExecutionEnded', {
      description: 'A workflow execution has ended',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
          stateMachineArn: this.#machineArns(),
        },
      },
      targets: [new LambdaFunction(finish, { deadLetterQueue: this.deadLetters, retryAttempts: 10 })],
    })
    return finish
  }

  /** The guarantee behind the event. */
  #addReconcile(): BundledFunction {
    const reconcile = this.#addFunction(
      'reconcile',
      'Ends or starts tasks that the events have missed',
      120,
      512,
    )
    giveStores(reconcile, this.#props.data, {
      tasks: ['GetItem', 'PutItem', 'Query'],
      values: true,
      publish: true,
    })
    reconcile.allow(['states:StartExecution'], this.#machineArns())
    reconcile.allow(['states:DescribeExecution'], this.#executionArns())
    new Rule(this, 'EveryMinute', {
      description: 'Reconcile tasks',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(reconcile, { deadLetterQueue: this.deadLetters, retryAttempts: 0 })],
    })
    return reconcile
  }

  #addApi(): BundledFunction {
    const api = this.#addFunction('api', 'The REST API', 29, 1024)
    giveStores(api, this.#props.data, {
      tasks: ['GetItem', 'PutItem', 'Query'],
      registry: ['GetItem', 'PutItem', 'UpdateItem', 'Query'],
      values: true,
      files: 'upload',
      publish: true,
    })
    api.allow(['states:StartExecution'], this.#machineArns())
    api.allow(['states:StopExecution'], this.#executionArns())
    return api
  }

  /** Writes agents and workflows into the registry; runs again whenever the catalogue changes. */
  #register(): void {
    const { catalogue, bundles, data } = this.#props
    const register = this.#addFunction('register', 'Writes this deployment into the registry', 60, 512)
    giveStores(register, data, { registry: ['PutItem', 'Query'] })
    const resource = new CustomResource(this, 'Registration', {
      resourceType: 'Custom::Registration',
      serviceToken: register.functionArn,
      serviceTimeout: Duration.minutes(2),
      properties: {
        catalogue: bundles.catalogueDigest,
        agentFunctions: Object.fromEntries(
          Object.entries(this.agents).map(([id, agent]) => [id, agent.functionArn]),
        ),
        stateMachines: Object.fromEntries(
          catalogue.workflows.map(({ name }, index) => [name, this.#machineArns()[index] as string]),
        ),
      },
    })
    // Its policy is a resource of its own: without it the first call is refused.
    if (register.role) resource.node.addDependency(register.role)
  }

  #machineArns(): string[] {
    return this.machines.map(({ machine }) => machine.stateMachineArn)
  }

  #executionArns(): string[] {
    return this.#props.catalogue.workflows.map(({ name }) =>
      this.formatArn({
        service: 'states',
        resource: 'execution',
        resourceName: `${this.#props.stage.prefix}-${name}:*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    )
  }
}
