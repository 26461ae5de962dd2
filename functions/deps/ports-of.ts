import type { Ports } from '../../shared/ports/index.ts'
import type { AGENT_PORTS, FUNCTIONS, FunctionName } from '../catalogue.ts'

type Catalogued<Name extends FunctionName | 'agents'> = Name extends FunctionName
  ? (typeof FUNCTIONS)[Name]['ports']
  : typeof AGENT_PORTS

/**
 * The ports that a function's entry in the catalogue names, and those that ask nobody. An entry point that lacks one, or a use case that
 * wants another, does not compile; that it holds no others is a test's (test/unit/infra/ports-of-functions.test.ts).
 */
export type PortsOf<Name extends FunctionName | 'agents'> = Pick<
  Ports,
  keyof Catalogued<Name> & keyof Ports
> &
  Pick<Ports, 'clock'>
