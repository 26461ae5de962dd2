import { createHash } from 'node:crypto'
import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib'
import type { IRole } from 'aws-cdk-lib/aws-iam'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
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
  /** Values for the `${...}` names that the compiler leaves open. */
  readonly substitutions: Record<string, string>
}

/** A workflow as a state machine of its own, its states named after its steps. */
export class WorkflowMachine extends Construct {
  readonly machine: StateMachine

  constructor(
    scope: Construct,
    id: string,
    { stage, workflow, compiled, role, substitutions }: WorkflowMachineProps,
  ) {
    super(scope, id)
    const stateMachineName = `${stage.prefix}-${workflow.name}`
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
      retention: stage.logRetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const make = (name: string, made: Made, values: Record<string, string>): StateMachine =>
      new StateMachine(this, name === '' ? 'Machine' : `Machine-${name}`, {
        stateMachineName: `${stateMachineName}${name === '' ? '' : `-${name}`}`,
        comment: workflow.description,
        definitionBody: DefinitionBody.fromString(JSON.stringify(made.definition)),
        definitionSubstitutions: pick(values, made.substitutions),
        role,
        tracingEnabled: true,
        logs: { level: LogLevel.ERROR, includeExecutionData: false, destination: logs },
        // Deleting a machine ends its executions: a workflow that is removed leaves its machine to those still running.
        removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      })
    const values = { ...substitutions }
    for (const part of compiled.parts) {
      // Named after its content: whoever runs the old definition starts the old parts.
      const { stateMachineArn } = make(`${part.name.toLowerCase()}-${digestOf(part)}`, part, values)
      values[part.name] = stateMachineArn
    }
    this.machine = make('', compiled, values)
    new CfnOutput(this, 'Console', {
      value: consoleLink(this.machine),
      description: `${workflow.name} in the console`,
    })
  }
}

function consoleLink({ stateMachineArn, env }: StateMachine): string {
  return `https://${env.region}.console.aws.amazon.com/states/home?region=${env.region}#/statemachines/view/${stateMachineArn}`
}

/** All that a part is made of. */
const digestOf = (part: Made): string =>
  createHash('sha256').update(JSON.stringify(part)).digest('hex').slice(0, 8)

function pick(values: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = values[name]
      if (value === undefined) throw new Error(`the definition needs a value for \${${name}}`)
      return [name, value]
    }),
  )
}
