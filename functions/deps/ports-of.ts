import type { Ports } from '../../shared/ports/index.ts'
import type { AGENT_PORTS } from '../agent-ports.ts'
import type { FUNCTIONS, FunctionName } from '../catalogue.ts'

type Catalogued<Name extends FunctionName | 'agents'> = Name extends FunctionName
  ? (typeof FUNCTIONS)[Name]['ports']
  : typeof AGENT_PORTS

/**
 * The ports that a function's entry in the catalogue names, and those that call no service (`clock`). The type checker
 * finds a port that is missing; a test finds superfluous ones (test/unit/infra/ports-of-functions.test.ts).
 */
export type PortsOf<Name extends FunctionName | 'agents'> = Pick<
  Ports,
  keyof Catalogued<Name> & keyof Ports
> &
  Pick<Ports, 'clock'>
