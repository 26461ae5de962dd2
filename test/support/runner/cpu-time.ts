/** Milliseconds that this process has computed for: a bound of them holds on a machine that is busy with other work, too. */
export const cpuMilliseconds = (): number => process.cpuUsage().user / 1_000
