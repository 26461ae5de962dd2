import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { arnIn, type Place, textOf } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import type { IamService } from '../iam/service.ts'
import type { FunctionSettings } from './function-settings.ts'
import { isByInterface } from './interface/interface-sandbox.ts'
import type { DebugPorts } from './sandbox/debug-ports.ts'
import type { LambdaService } from './service.ts'

export type FunctionPlace = Place & {
  /** Folder of an asset by its key; more come with updates. */
  assets: ReadonlyMap<string, string>
  /** The endpoint's address, at which functions reach the services. */
  awsUrl: string
  onLog?: (functionName: string, text: string) => void
  /** The ports for debuggers, and which functions use them. */
  debugging?: { isDebugged(functionName: string): boolean; ports: DebugPorts } | undefined
  /** Answers the functions' requests to AWS services. */
  onServiceCall: NonNullable<FunctionSettings['onServiceCall']>
  /** What a function's variables of the template become on this machine. */
  environment?: FunctionVariables | undefined
}

export type FunctionVariables = (
  functionName: string,
  variables: Record<string, string>,
) => Promise<Record<string, string>>

const FunctionSchema = z.object({
  FunctionName: z.string().optional(),
  Code: z.object({ S3Key: z.string() }),
  Handler: z.string(),
  Runtime: z.string().default('nodejs24.x'),
  Role: z.string(),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
})

/** Functions, permissions to invoke them, and their log groups. */
export function lambdaProvisioners(
  lambda: LambdaService,
  iam: IamService,
  place: FunctionPlace,
): Provisioners {
  return {
    'AWS::Lambda::Function': async ({ logicalId, properties }) => {
      const settings = FunctionSchema.parse(properties)
      const name = settings.FunctionName ?? logicalId
      const functionArn = arnIn(place, 'lambda', `function:${name}`)
      const debugged = place.debugging?.isDebugged(name) ? place.debugging : undefined
      const { Variables: variables } = settings.Environment
      const own = (await place.environment?.(name, variables)) ?? variables
      lambda.put({
        name,
        arn: functionArn,
        ...(await codeOf(place, name, settings)),
        timeoutSeconds: settings.Timeout,
        memoryMb: settings.MemorySize,
        environment: {
          ...own,
          ...runtimeVariables(place, name, settings.MemorySize),
          ...iam.credentialsOf(settings.Role),
        },
        onServiceCall: place.onServiceCall,
        ...(place.onLog ? { onLog: place.onLog } : {}),
        ...(debugged ? { debugging: debugged.ports } : {}),
      })
      // Started ahead, so that a debugger can attach before the first call.
      if (debugged) lambda.warm(functionArn, { forPeople: true })
      return { ref: name, attributes: { Arn: functionArn } }
    },

    'AWS::Lambda::Permission': async ({ logicalId, properties }) => {
      lambda.permit(String(properties.FunctionName), String(properties.Principal))
      return { ref: logicalId }
    },

    'AWS::Logs::LogGroup': async ({ logicalId, properties }) => {
      const name = textOf(properties, 'LogGroupName') ?? logicalId
      return { ref: name, attributes: { Arn: arnIn(place, 'logs', `log-group:${name}:*`) } }
    },
  }
}

type Code = Pick<FunctionSettings, 'entry' | 'handler' | 'runtime'>

/** What is run: the bundle of a function of Node, or the folder of one whose runtime asks for its events. */
async function codeOf(
  place: FunctionPlace,
  name: string,
  { Code: { S3Key }, Handler, Runtime }: z.output<typeof FunctionSchema>,
): Promise<Code> {
  const [file = 'index', handler = 'handler'] = Handler.split('.')
  if (Runtime.startsWith('nodejs'))
    return { entry: await bundleOf(place, name, S3Key, `${file}.mjs`), handler }
  if (!isByInterface(Runtime))
    throw new Error(
      `function ${name}: the local cloud runs functions of Node, python3.x and provided.x, and this has the runtime ${Runtime}`,
    )
  const first = Runtime.startsWith('python') ? `${Handler.split('.').slice(0, -1).join('.')}.py` : 'bootstrap'
  const path = await bundleOf(place, name, S3Key, first)
  return { entry: path.slice(0, -first.length - 1), handler: Handler, runtime: Runtime }
}

async function bundleOf({ assets }: FunctionPlace, name: string, key: string, file: string): Promise<string> {
  const folder = assets.get(key)
  const path = folder && join(folder, file)
  const found = path && (await stat(path).catch(() => undefined))
  if (found) return path
  throw new Error(`function ${name}: its bundle (${key}) is not in the assembly`)
}

/** Environment variables that the Lambda runtime sets. */
function runtimeVariables(
  { region, awsUrl }: FunctionPlace,
  name: string,
  memoryMb: number,
): Record<string, string> {
  return {
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: awsUrl,
    TZ: ':UTC',
    // There is no X-Ray here; without this its SDK would hook into every promise for nothing.
    AWS_XRAY_MANUAL_MODE: 'true',
  }
}
