import { CustomResource, Duration, Stack } from 'aws-cdk-lib'
import type { Role } from 'aws-cdk-lib/aws-iam'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { type CataloguedFunction, FUNCTIONS, type FunctionName } from '../../functions/catalogue.ts'
import type { EnvironmentName } from '../../shared/contracts/environment.ts'
import { hasTokenDoor } from '../../shared/domain/identity-settings.ts'
import { valuesOf } from '../../shared/domain/values-of.ts'
import type { Bundles } from '../bundle-functions.ts'
import type { Catalogue } from '../catalogue.ts'
import { AgentFleet } from '../constructs/agent-fleet.ts'
import { AgentHostAccess } from '../constructs/agent-host-access.ts'
import { BundledFunction } from '../constructs/bundled-function.ts'
import { ClosedApi } from '../constructs/closed-api.ts'
import { elsewhereHost, serveElsewhere } from '../constructs/elsewhere-host.ts'
import { ExecutionRole } from '../constructs/execution-role.ts'
import { keptLogs } from '../constructs/kept-logs.ts'
import { MessageQueue } from '../constructs/message-queue.ts'
import { nestedStacks } from '../constructs/nested-stacks.ts'
import { logGroupArn, machineLogs, ownFunctionArn, statesArn } from '../constructs/our-arns.ts'
import { givePorts } from '../constructs/port-grants.ts'
import { addOutputs } from '../constructs/stack-outputs.ts'
import { TaskKeepers } from '../constructs/task-keepers.ts'
import { TokenApi } from '../constructs/token-api.ts'
import { WorkflowMachine } from '../constructs/workflow-machine.ts'
import { expectedOf } from '../expected-of.ts'
import { hasManyParts } from '../many-parts.ts'
import { type Placement, placementOf } from '../place-in-stacks.ts'
import { identityOf, type Stage, tagsOf } from '../stage.ts'
import { mappedRoles } from '../stage-models.ts'
import type { DataStack } from './data-stack.ts'

type RuntimeStackProps = {
  stage: Stage
  catalogue: Catalogue
  bundles: Bundles
  data: DataStack
  /** The stack of each agent and workflow; by default the placement of a first deployment. */
  placement?: Placement
}

/** What state machines created at run time need. */
type MachineParts = { rebind: BundledFunction; control: BundledFunction; role: Role }

type MakingMachines = { rebind: BundledFunction; role: Role; controlArn: string }

/** Bytes of one definition that the template may hold inline, and of all together; a template takes 1 MB. */
const MOST_INLINE = 50_000
const MOST_INLINE_IN_ALL = 400_000

/** Functions, state machines, rules and the API: everything that may be replaced at any deployment. */
export class RuntimeStack extends Stack {
  readonly agents: AgentFleet
  /** Functions other than agents, by the last part of their names. */
  readonly functionNames: readonly string[]
  /** Those whose callers wait for the answer. Failures of the others come to the dead letters. */
  readonly awaited: readonly string[]
  readonly deadLetters: Queue
  readonly messages: MessageQueue
  readonly api: ClosedApi
  /** Only in a stage with issuers or keys. */
  readonly tokenApi: TokenApi | undefined
  readonly #props: RuntimeStackProps
  readonly #placement: Placement

  constructor(scope: Construct, id: string, props: RuntimeStackProps) {
    const isLarge = hasManyParts(props.catalogue)
    super(scope, id, {
      description: 'Orchestrator: agents, workflows and API',
      suppressTemplateIndentation: isLarge,
    })
    if (isLarge) this.node.setContext('@aws-cdk/core:suppressTemplateIndentation', true)
    const { stage, catalogue, bundles, data } = props
    this.#props = props
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    })
    this.#placement = props.placement ?? placementOf(catalogue)
    this.agents = new AgentFleet(this, 'Agents', {
      stage,
      agents: catalogue.agents,
      bundles,
      data,
      places: this.#placement.agents,
    })
    const rebind = this.#addFunction('rebind')
    const control = this.#makeFunction('control')
    const elsewhere = elsewhereHost(this, props)
    const role = new ExecutionRole(this, 'ExecutionRole', {
      stage,
      functions: [rebind, control, ...(elsewhere ? [elsewhere] : [])],
      tasks: data.tasks,
    })
    this.#givePorts(control, 'control', role)
    // By name: a reference of the function to itself would be circular.
    this.#letMakeMachines(control, { rebind, role, controlArn: ownFunctionArn(this, stage, 'control') })
    const machines = this.#addMachines({ rebind, control, role })
    new TaskKeepers(this, 'Keepers', {
      stage,
      deadLetters: this.deadLetters,
      finish: this.#addFunction('finish-task'),
      reconcile: this.#addFunction('reconcile'),
      collect: this.#addFunction('collect'),
      audit: this.#addFunction('audit'),
      erase: this.#addFunction('erase'),
      anchor: data.anchors && this.#addFunction('anchor'),
    })
    this.messages = new MessageQueue(this, 'Messages', { stage, deliver: this.#addFunction('deliver') })
    const api = this.#addApi({ rebind, control, role })
    this.api = new ClosedApi(this, 'Api', { stage, handler: api, logs: data.accessLogs })
    const [identity, logs] = [identityOf(stage), data.accessLogs]
    const authorize = hasTokenDoor(identity) ? this.#addFunction('authorize') : undefined
    this.tokenApi =
      authorize && new TokenApi(this, 'TokenApi', { stage, identity, handler: api, authorize, logs })
    this.awaited = [
      'api',
      ...(authorize ? ['authorize'] : []),
      'rebind',
      'control',
      ...(elsewhere ? ['elsewhere'] : []),
    ]
    this.functionNames = [
      ...this.awaited,
      'finish-task',
      'reconcile',
      'collect',
      'audit',
      'erase',
      'deliver',
      ...(data.anchors ? ['anchor'] : []),
    ]
    const callbackUrl = this.agents.takeCallbacksAt(this.tokenApi ?? this.api, elsewhere)
    new AgentHostAccess(this, 'AgentHost', { stage, data, callbackUrl })
    const registration = this.#register(machines)
    serveElsewhere(stage, elsewhere, { api, registration })
    addOutputs(this, { stage, api: this.api, tokenApi: this.tokenApi, registration })
  }

  /** Adds a function with the grants for the ports in its catalogue entry. */
  #addFunction(name: FunctionName, machineRole?: Role): BundledFunction {
    const added = this.#makeFunction(name)
    this.#givePorts(added, name, machineRole)
    return added
  }

  #givePorts(to: BundledFunction, name: FunctionName, machineRole?: Role): void {
    const { stage, data } = this.#props
    givePorts(to, FUNCTIONS[name].ports, { stage, data, name, ...(machineRole ? { machineRole } : {}) })
  }

  #makeFunction(name: FunctionName): BundledFunction {
    const { stage, bundles } = this.#props
    const id = `${name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}Function`
    const folder = bundles.folderOf(name)
    const { description, timeoutSeconds, memoryMb, reserved }: CataloguedFunction = FUNCTIONS[name]
    const reservedConcurrency = reserved ? stage.reservedConcurrency : undefined
    return new BundledFunction(this, id, {
      stage,
      name,
      description,
      folder,
      timeoutSeconds,
      memoryMb,
      reservedConcurrency,
    })
  }

  #addMachines({ rebind, control, role }: MachineParts): Record<string, WorkflowMachine> {
    const { stage, catalogue, data } = this.#props
    // One log group for all machines: the machine of a removed workflow still logs its running executions.
    const logs = keptLogs(this, 'MachineLogs', stage, machineLogs(stage))
    const substitutions = {
      RebindFunction: rebind.functionArn,
      ControlFunction: control.functionArn,
      TasksTable: data.tasks.tableName,
    }
    const bytes = JSON.stringify(catalogue.workflows.map(({ compiled }) => compiled)).length
    const mostInline = bytes > MOST_INLINE_IN_ALL ? 0 : MOST_INLINE
    const places = this.#placement.workflows
    const nested = nestedStacks(this, 'Workflows', places, 'workflows')
    const made = catalogue.workflows.map(({ workflow, compiled }) => {
      const { name } = workflow
      const props = { stage, workflow, compiled, role, logs, substitutions, mostInline }
      return [name, new WorkflowMachine(nested(places[name] ?? 0), `Workflow-${name}`, props)] as const
    })
    return Object.fromEntries(made)
  }

  #addApi({ rebind, control, role }: MachineParts): BundledFunction {
    const api = this.#addFunction('api', role)
    for (const [name, value] of Object.entries(expectedOf(this.#props.catalogue)))
      api.configure(name as EnvironmentName, value)
    this.#letMakeMachines(api, { rebind, role, controlArn: control.functionArn })
    const roles = mappedRoles(this.#props.stage.callerRoles)
    if (roles !== undefined) api.configure('CALLER_ROLES', roles)
    api.configure('AUDIT_FUNCTION', ownFunctionArn(this, this.#props.stage, 'audit'))
    // Models are listed, not called.
    return api.configure('MODELS', JSON.stringify(this.#props.stage.models))
  }

  /**
   * For workflows that come with a task, are registered at run time, or are computed while their parent runs: their machines are like those of
   * a deployment.
   */
  #letMakeMachines(maker: BundledFunction, { rebind, role, controlArn }: MakingMachines): void {
    maker
      .configure('MACHINE_LOGS', logGroupArn(this, machineLogs(this.#props.stage)))
      .configure('MACHINE_TAGS', JSON.stringify(tagsOf(this.#props.stage)))
      .configure('MACHINES', this.#ofStates('stateMachine', ''))
      .configure('MACHINE_ROLE', role.roleArn)
      .configure('REBIND_FUNCTION', rebind.functionArn)
      .configure('CONTROL_FUNCTION', controlArn)
  }

  /** Writes agents and workflows into the registry; runs again whenever one of them changes, or how they are compiled. */
  #register(workflows: Record<string, WorkflowMachine>): CustomResource {
    const { stage, bundles } = this.#props
    const register = this.#addFunction('register')
    register
      // No retries: CloudFormation repeats the request itself, and a late retry would write what it has rolled back.
      .keepFailures(this.deadLetters, 0)
      .configure('MACHINES', this.#ofStates('stateMachine', ''))
      // Work that exceeds an invocation continues in another; the function itself ends the chain before CloudFormation's timeout.
      .mayInvokeItself()
    const resource = new CustomResource(this, 'Registration', {
      resourceType: 'Custom::Registration',
      serviceToken: register.functionArn,
      // CloudFormation's maximum.
      serviceTimeout: Duration.minutes(60),
      properties: {
        catalogue: bundles.catalogueDigest,
        agentFunctions: valuesOf(this.agents.functions, ({ functionArn }) => functionArn),
        // By name: outputs of nested stacks would exceed a template's limit.
        stateMachines: valuesOf(workflows, ({ name }) => statesArn(this, stage, 'stateMachine', name)),
        revisions: valuesOf(workflows, ({ revisionId }) => revisionId),
        // An installation whose register has not answered this before is asked again: an output reads it.
        answers: 'versions',
      },
    })
    // The policy is a separate resource: without the dependency the first call could be refused.
    if (register.role) resource.node.addDependency(register.role)
    return resource
  }

  #ofStates(resource: 'stateMachine' | 'execution', rest: string): string {
    return statesArn(this, this.#props.stage, resource, rest)
  }
}
