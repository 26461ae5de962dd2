import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Stage as Assembly, RemovalPolicy, Stack } from 'aws-cdk-lib'
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
import { withPartition } from '../../shared/compiler/fill-in.ts'
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
  /** A definition with more bytes goes to a file asset instead of the template. */
  readonly mostInline: number
}

/** A workflow as a state machine, its states named after its steps; a large workflow is split into parts, each a machine of its own. */
export class WorkflowMachine extends Construct {
  readonly machine: StateMachine
  /** The workflow's name, which is the last part of the state machine's. */
  readonly name: string
  /** Changes with every change of the definition. */
  readonly revisionId: string
  readonly #props: WorkflowMachineProps

  constructor(scope: Construct, id: string, props: WorkflowMachineProps) {
    super(scope, id)
    this.#props = props
    this.name = props.workflow.name
    const values: Record<string, string> = { ...props.substitutions, Partition: Stack.of(this).partition }
    for (const part of props.compiled.parts) values[part.name] = this.#publish(part, values)
    this.machine = this.#make('', props.compiled, values)
    this.revisionId = revisionOf(this.machine)
  }

  /** Published as an immutable version, so that running executions of the old definition still start the old parts. */
  #publish(part: Compiled['parts'][number], values: Record<string, string>): string {
    const machine = this.#make(part.name, part, values)
    const { stateMachineArn } = machine
    const version = new CfnStateMachineVersion(this, `Version-${part.name}`, {
      stateMachineArn,
      stateMachineRevisionId: revisionOf(machine),
    })
    version.applyRemovalPolicy(RemovalPolicy.RETAIN)
    return version.attrArn
  }

  /** A template takes 1 MB, and a definition in it nearly doubles, because its quotes are escaped. */
  #bodyOf(name: string, definition: string): DefinitionBody {
    if (Buffer.byteLength(definition) <= this.#props.mostInline) return DefinitionBody.fromString(definition)
    const folder = join(Assembly.of(this)?.outdir ?? '', 'definitions')
    const file = join(folder, `${name}.json`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, definition)
    return DefinitionBody.fromFile(file)
  }

  #make(part: string, made: Made, values: Record<string, string>): StateMachine {
    const { stage, workflow, role, logs } = this.#props
    const name = [stage.prefix, workflow.name, ...(part === '' ? [] : [part.toLowerCase()])].join('-')
    return new StateMachine(this, part === '' ? 'Machine' : `Machine-${part}`, {
      stateMachineName: name,
      comment: workflow.description,
      definitionBody: this.#bodyOf(name, withPartition(JSON.stringify(made.definition))),
      definitionSubstitutions: pick(values, ['Partition', ...made.substitutions]),
      role,
      tracingEnabled: true,
      logs: { level: LogLevel.ERROR, includeExecutionData: false, destination: logs },
      // Deleting a state machine ends its executions, so a removed workflow leaves its machine to those still running.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    })
  }
}

const revisionOf = ({ node }: StateMachine): string =>
  (node.defaultChild as CfnStateMachine).attrStateMachineRevisionId

function pick(values: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = values[name]
      if (value === undefined) throw new Error(`the definition needs a value for \${${name}}`)
      return [name, value]
    }),
  )
}
