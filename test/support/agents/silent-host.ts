import type { HostPorts } from '../../../shared/host/host-ports.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import type { Ports } from '../../../shared/ports/index.ts'

/** Ports of a host without output of logs and metrics. */
export const silentPorts = (ports: Ports): HostPorts => ({
  ...ports,
  log: { info: () => {}, warn: () => {} },
  measure: () => {},
})

export const silentHost = (ports: Ports) => runStep(silentPorts(ports))
