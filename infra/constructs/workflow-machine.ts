import { RemovalPolicy } from 'aws-cdk-lib'
import type { IRole } from 'aws-cdk-lib/aws-iam'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import {
  type CfnStateMachine,
  CfnStateMachineVersion,
  DefinitionBody,
  LogLevel,
  StateMachine,
} from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import type { Compiled } from '../../shared/compiler/index.ts'
import type { Workflow } from '../../shared/workflow/schema.ts'
import type { Stage } from '../stage.ts'

type Made = Pick<Compiled, 'definition' | 'substitutions'>

type WorkflowMachineProps = {
  readonly stage: Stage
  readonly workflow: Workflow
  readonly compiled: Compiled
  readonly role: IRole
  readonly logs: ILogGroup
  /** Values for the `${...}` names that the compiler leaves open. */
  readonly substitutions: Record<string, string>
}

/** A workflow as a state machine of its own, its states named after its steps; a large one starts others for its parts. */
export class WorkflowMachine extends Construct {
  readonly machine: StateMachine
  readonly #props: WorkflowMachineProps

  constructor(scope: Construct, id: string, props: WorkflowMachineProps) {
    super(scope, id)
    this.#props = props
    const values = { ...props.substitutions }
    for (const part of props.compiled.parts) values[part.name] = this.#publish(part, values)
    this.machine = this.#make('', props.compiled, values)
  }

  /** A version: whoever runs the old definition starts the old parts. */
  #publish(part: Compiled['parts'][number], values: Record<string, string>): string {
    const { stateMachineArn, node } = this.#make(part.name, part, values)
    const revision = (node.defaultChild as CfnStateMachine).attrStateMachineRevisionId
    const version = new CfnStateMachineVersion(this, `Version-${part.name}`, {
      stateMachineArn,
      stateMachineRevisionId: revision,
    })
    version.applyRemovalPolicy(RemovalPolicy.RETAIN)
    return version.attrArn
  }

  #make(part: string, made: Made, values: Record<string, string>): StateMachine {
    const { stage, workflow, role, logs } = this.#props
    return new StateMachine(this, part === '' ? 'Machine' : `Machine-${part}`, {
      stateMachineName: [stage.prefix, workflow.name, ...(part === '' ? [] : [part.toLowerCase()])].join('-'),
      comment: workflow.description,
      definitionBody: DefinitionBody.fromString(JSON.stringify(made.definition)),
      definitionSubstitutions: pick(values, made.substitutions),
      role,
      tracingEnabled: true,
      logs: { level: LogLevel.ERROR, includeExecutionData: false, destination: logs },
      // Deleting a machine ends its executions: a workflow that is removed leaves its machine to those still running.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    })
  }
}

function pick(values: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = values[name]
      if (value === undefined) throw new Error(`the definition needs a value for \${${name}}`)
      return [name, value]
    }),
  )
}
