import { ArnFormat, CustomResource, Duration, Stack } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
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

/** What a machine is made of that is made at run time. */
type MachineParts = { rebind: BundledFunction; control: BundledFunction; role: Role }

/** Functions, state machines, rules and the API: everything that may be replaced at any deployment. */
export class RuntimeStack extends Stack {
  readonly agents: Record<string, BundledFunction>
  /** Functions other than agents, by the last part of their names. */
  readonly functionNames: readonly string[]
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
      registry: ['GetItem', 'Query'],
      values: true,
      publish: true,
    })
    this.#letWakeStates(rebind)
    const control = this.#addControl()
    const role = this.#addExecutionRole([rebind, control])
    this.machines = catalogue.workflows.map(
      ({ workflow, compiled }) =>
        new WorkflowMachine(this, `Workflow-${workflow.name}`, {
          stage,
          workflow,
          compiled,
          role,
          substitutions: {
            RebindFunction: rebind.functionArn,
            ControlFunction: control.functionArn,
            TasksTable: props.data.tasks.tableName,
          },
        }),
    )
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    })
    this.#addFinish()
    this.#addReconcile()
    this.#addCollect()
    const api = this.#addApi({ rebind, control, role })
    this.api = new ClosedApi(this, 'Api', { stage, handler: api })
    this.functionNames = ['api', 'rebind', 'control', 'finish-task', 'reconcile', 'collect']
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
      this.#letWakeStates(agent)
      return [manifest.id, agent]
    })
    return Object.fromEntries(agents)
  }

  #addControl(): BundledFunction {
    const control = this.#addFunction('control', 'Runs the steps that no agent runs', 30, 512)
    giveStores(control, this.#props.data, {
      tasks: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'Query'],
      // Plans the tasks of child workflows.
      registry: ['GetItem', 'UpdateItem', 'Query'],
      values: true,
      publish: true,
    })
    this.#letWakeStates(control)
    control.allow(['states:DescribeExecution', 'states:StopExecution'], [this.#ofStates('execution', '*:*')])
    return control
  }

  /** A step that has ended wakes the states that wait for it. */
  #letWakeStates(target: BundledFunction): void {
    target.allow(['states:SendTaskSuccess'], [this.#ofStates('stateMachine', '*')])
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

  /**
   * One role for all machines: invoke our own functions and whatever is named as an agent of ours, also one that another stack
   * brings and `POST /agents` registers; wait at gates; and deliver their own logs and traces.
   */
  #addExecutionRole(own: readonly BundledFunction[]): Role {
    const role = new Role(this, 'ExecutionRole', { assumedBy: new ServicePrincipal('states.amazonaws.com') })
    const agents = this.formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: `${this.#props.stage.prefix}-agent-*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
    const resources = [...own.map(({ functionArn }) => functionArn), agents]
    role.addToPolicy(
      new PolicyStatement({ effect: Effect.ALLOW, actions: ['lambda:InvokeFunction'], resources }),
    )
    // A gate's state stores its own token.
    const tasks = this.#props.data.tasks.tableArn
    role.addToPolicy(new PolicyStatement({ actions: ['dynamodb:UpdateItem'], resources: [tasks] }))
    for (const statement of this.#startingChildren()) role.addToPolicy(statement)
    return role
  }

  /**
   * Children, and the items of a distributed fan-out. A state that waits for an execution learns of its end by a rule that
   * Step Functions manages.
   */
  #startingChildren(): PolicyStatement[] {
    const rule = this.formatArn({
      service: 'events',
      resource: 'rule',
      resourceName: 'StepFunctionsGetEventsForStepFunctionsExecutionRule',
    })
    return [
      new PolicyStatement({
        actions: ['states:StartExecution'],
        resources: [this.#ofStates('stateMachine', '*')],
      }),
      new PolicyStatement({
        actions: ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'],
        resources: [this.#ofStates('execution', '*:*')],
      }),
      new PolicyStatement({
        actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
        resources: [rule],
      }),
    ]
  }

  /** Step Functions' own event ends a task; failing deliveries are retried, then kept. */
  #addFinish(): void {
    const finish = this.#addFunction('finish-task', 'Ends the task whose execution has ended', 60, 512)
    finish.configureAsyncInvoke({ onFailure: new SqsDestination(this.deadLetters) })
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
          // Those of tasks: items of a fan-out have executions too.
          name: [{ prefix: 't_' }],
          // Every machine of ours, also one whose workflow is gone: its tasks go on.
          stateMachineArn: [{ prefix: this.#ofStates('stateMachine', '') }],
        },
      },
      targets: [new LambdaFunction(finish, { deadLetterQueue: this.deadLetters, retryAttempts: 10 })],
    })
  }

  /** The guarantee behind the event. */
  #addReconcile(): void {
    const reconcile = this.#addFunction(
      'reconcile',
      'Ends or starts tasks that the events have missed',
      120,
      512,
    )
    reconcile.configureAsyncInvoke({ onFailure: new SqsDestination(this.deadLetters), retryAttempts: 0 })
    giveStores(reconcile, this.#props.data, {
      tasks: ['GetItem', 'PutItem', 'Query'],
      values: true,
      publish: true,
    })
    reconcile.allow(['states:StartExecution'], [this.#ofStates('stateMachine', '*')])
    reconcile.allow(
      ['states:DescribeExecution', 'states:StopExecution'],
      [this.#ofStates('execution', '*:*')],
    )
    new Rule(this, 'EveryMinute', {
      description: 'Reconcile tasks',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(reconcile, { deadLetterQueue: this.deadLetters, retryAttempts: 0 })],
    })
  }

  /** Shared machines are made by the API, and nobody else removes them. */
  #addCollect(): void {
    const collect = this.#addFunction(
      'collect',
      'Removes shared state machines that are long unused',
      300,
      512,
    )
    collect.configureAsyncInvoke({ onFailure: new SqsDestination(this.deadLetters), retryAttempts: 0 })
    giveStores(collect, this.#props.data, { registry: ['UpdateItem', 'DeleteItem', 'Query'] })
    collect
      .configure('MACHINES', this.#ofStates('stateMachine', ''))
      .allow(
        ['states:ListExecutions', 'states:DeleteStateMachine'],
        [this.#ofStates('stateMachine', 'shared-*')],
      )
    new Rule(this, 'EveryDay', {
      description: 'Collect unused state machines',
      schedule: Schedule.rate(Duration.days(1)),
      targets: [new LambdaFunction(collect, { deadLetterQueue: this.deadLetters, retryAttempts: 0 })],
    })
  }

  #addApi({ rebind, control, role }: MachineParts): BundledFunction {
    const api = this.#addFunction('api', 'The REST API', 29, 1024)
    giveStores(api, this.#props.data, {
      tasks: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'Query'],
      registry: ['GetItem', 'PutItem', 'UpdateItem', 'Query'],
      values: true,
      files: 'upload',
      publish: true,
    })
    api.allow(['states:StartExecution'], [this.#ofStates('stateMachine', '*')])
    api.allow(['states:StopExecution'], [this.#ofStates('execution', '*:*')])
    // An answer to an approval wakes the state that waits for it.
    this.#letWakeStates(api)
    // Workflows that come with a task, or are registered at run time.
    api
      .configure('MACHINES', this.#ofStates('stateMachine', ''))
      .configure('MACHINE_ROLE', role.roleArn)
      .configure('REBIND_FUNCTION', rebind.functionArn)
      .configure('CONTROL_FUNCTION', control.functionArn)
      .allow(
        ['states:DescribeStateMachine', 'states:CreateStateMachine'],
        [this.#ofStates('stateMachine', '*')],
      )
      // A role that Step Functions alone can assume.
      .allow(['iam:PassRole'], [role.roleArn])
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
          catalogue.workflows.map(({ workflow }, index) => [
            workflow.name,
            this.machines[index]?.machine.stateMachineArn,
          ]),
        ),
      },
    })
    // Its policy is a resource of its own: without it the first call is refused.
    if (register.role) resource.node.addDependency(register.role)
  }

  /** ARNs of our machines, or of their executions: all that begin with our prefix. */
  #ofStates(resource: 'stateMachine' | 'execution', rest: string): string {
    const resourceName = `${this.#props.stage.prefix}-${rest}`
    return this.formatArn({
      service: 'states',
      resource,
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
  }
}
