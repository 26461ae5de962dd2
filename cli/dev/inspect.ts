import type { LocalCloudOptions } from '../../local/local-cloud.ts'
import { style } from '../show/output.ts'

export type Inspect = NonNullable<LocalCloudOptions['inspect']>
/** Reports the port at which a debugger can attach to the agent. */
type InspectEvent = { event: 'inspect'; agent: string; port: number }

/** The default of Node.js and editors. */
const DEFAULT_PORT = 9229

/** The local cloud's settings for `--inspect`: only agents are debuggable, because users write only those. */
export function inspectOf(
  { inspect }: { inspect?: number | true },
  tell: (event: InspectEvent) => void,
): { inspect?: Inspect } {
  if (inspect === undefined) return {}
  const agentOf = (functionName: string): string | undefined => /-agent-(.+)$/.exec(functionName)?.[1]
  return {
    inspect: {
      port: inspect === true ? DEFAULT_PORT : inspect,
      isDebugged: (functionName) => agentOf(functionName) !== undefined,
      onOpen: (functionName, port) =>
        tell({ event: 'inspect', agent: agentOf(functionName) ?? functionName, port }),
    },
  }
}

export const textOfInspect = ({ agent, port }: InspectEvent): string =>
  `${style('bold', 'debugger')} agent ${agent} at 127.0.0.1:${port}`
